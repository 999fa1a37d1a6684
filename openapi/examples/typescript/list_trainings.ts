/**
 * Signs in, lists trainings, and gets the first of them, with a client whose types come from the contract.
 *
 *   npm install && npm run generate && npm run build
 *   HIMOYA_URL=http://127.0.0.1:8000 HIMOYA_EMAIL=ngo-manager@demo.example HIMOYA_PASSWORD=… npm start
 */

import createClient, { type Middleware } from "openapi-fetch";

import type { paths } from "./himoya.js";

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(`Set ${name} in the environment.`);
  }
  return value;
}

/** Every refusal is a problem document (RFC 9457); its title and code say what to do, its request id finds it in the logs. */
function refused(what: string, response: Response, problem: unknown): Error {
  return new Error(`${what}: ${response.status} ${JSON.stringify(problem)}`);
}

const client = createClient<paths>({ baseUrl: setting("HIMOYA_URL") });

const login = await client.POST("/v1/auth/login", {
  body: { email: setting("HIMOYA_EMAIL"), password: setting("HIMOYA_PASSWORD") },
});
if (login.data === undefined) {
  throw refused("Signing in", login.response, login.error);
}

const token = login.data.access_token;
const signedIn: Middleware = {
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
};
client.use(signedIn);

const page = await client.GET("/v1/trainings", { params: { query: { limit: 5 } } });
if (page.data === undefined) {
  throw refused("Listing trainings", page.response, page.error);
}
const [first] = page.data.items;
if (first === undefined) {
  throw new Error("There is no training to get; load the demonstration data first.");
}

const training = await client.GET("/v1/trainings/{training_id}", { params: { path: { training_id: first.id } } });
if (training.data === undefined) {
  throw refused("Getting a training", training.response, training.error);
}
if (training.data.id !== first.id) {
  throw new Error(`Asked for ${first.id}, got ${training.data.id}.`);
}
console.log(`${page.data.items.length} trainings; the first is ${training.data.id}, version ${training.response.headers.get("ETag")}`);
