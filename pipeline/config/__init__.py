"""A run's configuration: one YAML file, checked before anything is read or trained."""

from pipeline.config.load import load_config
from pipeline.config.model import Config

__all__ = ["Config", "load_config"]
