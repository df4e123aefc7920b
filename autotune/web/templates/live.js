"use strict";
// Says what happens in a study as it happens. Without this, the page shows how it was when loaded.
(() => {
  const place = document.getElementById("live");
  if (!place) return;
  let first = null;

  function said(now) {
    const { total, failed, open } = now.trials;
    const fresh = total - first;
    const best = now.best_text ? `, best ${now.best_text}` : "";
    const more = fresh > 0 ? `; ${fresh} since this page was loaded` : "";
    return `${total} trials, ${failed} failed, ${open} begun and not ended${best}${more}`;
  }

  const source = new EventSource(place.dataset.events);
  source.addEventListener("progress", (event) => {
    const now = JSON.parse(event.data);
    first ??= now.trials.total;
    place.textContent = said(now);
    place.dataset.total = now.trials.total;
  });
  addEventListener("pagehide", () => source.close());
})();
