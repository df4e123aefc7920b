"""The studies of a storage as the service has read them, each read on when it is asked for."""

import threading
from collections.abc import Iterator

from autotune.errors import InputError, StoreError
from autotune.store.feed import Feed
from autotune.store.storage import Storage
from autotune.web.problems import Refusal


class Feeds:
    """One feed per study, made when it is first asked for."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self._lock = threading.Lock()
        self._feeds: dict[str, Feed] = {}

    def names(self) -> list[str]:
        """The names of all studies, sorted."""
        return self.storage.names()

    def get(self, name: str) -> Feed:
        """A study, read up to now.

        Raises:
            Refusal: If there is none of that name.
            StoreError: If it cannot be read.
        """
        with self._lock:
            feed = self._feeds.get(name)
        if feed is None:
            try:
                feed = self.storage.feed(name)
            except InputError as error:
                raise Refusal(404, str(error), "GET /api/studies lists them.") from None
            with self._lock:
                feed = self._feeds.setdefault(name, feed)
        try:
            feed.refresh()
        except StoreError:
            with self._lock:
                self._feeds.pop(name, None)  # removed, or repaired by and by: from the start again
            raise
        return feed

    def some(self, names: list[str]) -> Iterator[tuple[str, Feed | str]]:
        """Studies by name; why not, for one that cannot be read."""
        for name in names:
            try:
                yield name, self.get(name)
            except (StoreError, Refusal) as error:
                yield name, str(error)
