"use strict";
// Draws every figure of the page with plotly. Where this cannot run, the pictures stay.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const NARROW = 480; // pixels; below, a legend has a row for each name, and would take the plot's
  const ROW = 19;

  async function library() {
    const packed = document.getElementById("library");
    if (window.Plotly || !packed) return;
    const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  }

  function theme() {
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink").trim();
    const grid = style.getPropertyValue("--grid").trim();
    return { ink, grid };
  }

  function themed(figure) {
    const { ink, grid } = theme();
    const layout = structuredClone(figure.layout);
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.font = { color: ink, family: "system-ui, sans-serif", size: 12 };
    for (const axis of [layout.xaxis, layout.yaxis]) {
      axis.gridcolor = grid;
      axis.linecolor = ink;
    }
    for (const shape of layout.shapes) if (shape.type === "line") shape.line.color = ink;
    const data = structuredClone(figure.data);
    for (const trace of data) {
      if (trace.line && !trace.line.color && trace.mode === "lines") trace.line.color = ink;
      if (trace.marker && !trace.marker.color) trace.marker.color = ink;
      if (trace.marker && trace.marker.line && trace.mode === "markers") trace.marker.line.color = ink;
    }
    return { data, layout };
  }

  async function draw(place) {
    const figure = JSON.parse(document.getElementById(place.dataset.figure).textContent);
    place.closest(".chart").classList.add("drawn");
    const { data, layout } = themed(figure);
    const named = data.filter((trace) => trace.showlegend).length;
    if (place.clientWidth < NARROW) layout.height += named * ROW;
    await Plotly.react(place, data, layout, { responsive: true, displayModeBar: false });
  }

  async function all() {
    delete document.documentElement.dataset.charts;
    for (const place of document.querySelectorAll(".plot[data-figure]")) {
      try {
        await draw(place);
      } catch (error) {
        place.closest(".chart").classList.remove("drawn");
        console.error(error);
      }
    }
    document.documentElement.dataset.charts = "drawn";
  }

  addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll("details")) each.open = true;
  });
  library().then(all);
  dark.addEventListener("change", all);
})();
