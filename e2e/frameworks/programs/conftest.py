"""Makes pytest run the suite that SQLAlchemy ships for dialects."""
from sqlalchemy.testing.plugin.pytestplugin import *  # noqa
