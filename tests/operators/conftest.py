import pytest

from operators import seeds as operators_seeds
from programmes import seeds as programmes_seeds


@pytest.fixture
def catalogue(db: None) -> None:
    """The demonstration catalogue and memberships."""
    programmes_seeds.seed_demo()
    operators_seeds.seed_demo()
