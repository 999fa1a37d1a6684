"""HTTP of trainings: the trainings themselves, what hangs on their rosters, and their certificates."""

from fastapi import APIRouter

from app.participation.routes import roster_routes
from app.trainings.models import Training
from app.trainings.routes import certificates, trainings

router = APIRouter()
router.include_router(trainings.router)
router.include_router(roster_routes(Training, "training"), prefix="/v1/trainings", tags=["trainings"])
router.include_router(certificates.router)
