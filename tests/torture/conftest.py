"""What a machine does to a program on its worst day."""

import pytest
from depth import full


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In full nothing is cut short."""
    if full():
        for item in items:
            item.add_marker(pytest.mark.timeout(0))
