-- What wrk sends, told by its arguments: METHOD FILE SEED [TARGET FIRST].
-- GET: each line of FILE is a target, taken at random. POST: each line is a body for TARGET, taken in turn from the FIRST, counted from 0,
-- each sent with an Idempotency-Key of its own if SEED is not "-". The bearer token comes by the environment, so that no list of processes
-- shows it.

local ready, count, sent = {}, 0, 0
local method, target, keyed, first

function init(args)
    method, target, keyed = args[1], args[4], args[1] == "POST" and args[3] ~= "-"
    first = tonumber(args[5]) or 0
    wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")
    if method == "POST" then
        wrk.headers["Content-Type"] = "application/json"
    end
    for line in io.lines(args[2]) do
        count = count + 1
        ready[count] = method == "GET" and wrk.format("GET", line) or line
    end
    math.randomseed(tonumber(args[3]) or 1)
end

function request()
    if method == "GET" then
        return ready[math.random(count)]
    end
    local chosen = ready[(first + sent) % count + 1]
    sent = sent + 1
    if keyed then
        wrk.headers["Idempotency-Key"] = string.format("%06x%06x-%d", math.random(0, 0xffffff), math.random(0, 0xffffff), sent)
    end
    return wrk.format("POST", target, nil, chosen)
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format(
        'RESULT {"requests": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "longest": %.3f, "refused": %d, "broken": %d, "timeouts": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
        e.status, e.connect + e.read + e.write, e.timeout
    ))
end
