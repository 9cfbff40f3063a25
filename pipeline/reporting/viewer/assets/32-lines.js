/* Outlines in a tile: the distance of each pixel to the nearest of them. */
(function (sv) {
  "use strict";

  const T = sv.TILE;
  const FAR = 65535;
  sv.LINE_UNITS = 32;

  sv.makeLines = function () {
    const near = new Uint16Array(T * T).fill(FAR);

    /* One part of an outline. Dashes go by the length from the ring's start. */
    function segment(x0, y0, x1, y1, reach, dash, begun) {
      const dx = x1 - x0;
      const dy = y1 - y0;
      const square = dx * dx + dy * dy;
      const length = Math.sqrt(square);
      const steep = Math.abs(dy) >= Math.abs(dx);
      const [a0, a1, b0, da, db] = steep ? [y0, y1, x0, dy, dx] : [x0, x1, y0, dx, dy];
      const lean = da === 0 ? 0 : db / da;
      const wide = reach * Math.sqrt(1 + lean * lean);
      const low = Math.min(a0, a1);
      const high = Math.max(a0, a1);
      const from = Math.max(0, Math.ceil(low - reach - 0.5));
      const to = Math.min(T - 1, Math.floor(high + reach - 0.5));
      for (let a = from; a <= to; a += 1) {
        const middle = b0 + (Math.min(high, Math.max(low, a + 0.5)) - a0) * lean;
        const first = Math.max(0, Math.ceil(middle - wide - 0.5));
        const last = Math.min(T - 1, Math.floor(middle + wide - 0.5));
        for (let b = first; b <= last; b += 1) {
          const x = (steep ? b : a) + 0.5 - x0;
          const y = (steep ? a : b) + 0.5 - y0;
          const along = square === 0 ? 0 : (x * dx + y * dy) / square;
          const t = along < 0 ? 0 : along > 1 ? 1 : along;
          if (dash !== null && !drawn(dash, begun + t * length)) continue;
          const off = Math.sqrt((x - t * dx) ** 2 + (y - t * dy) ** 2) * sv.LINE_UNITS;
          const at = steep ? a * T + b : b * T + a;
          if (off < near[at]) near[at] = off;
        }
      }
    }

    function drawn(dash, length) {
      let rest = length % dash.total;
      for (let i = 0; i < dash.parts.length; i += 1) {
        if (rest < dash.parts[i]) return i % 2 === 0;
        rest -= dash.parts[i];
      }
      return true;
    }

    /* Add a polygon's rings. Points less than a pixel from the one before are left out. */
    function add(group, polygon, scale, left, top, reach, dash) {
      const { points, ringStart, start } = group;
      const unit = scale / group.step;
      const edge = T + reach;
      for (let ring = start[polygon]; ring < start[polygon + 1]; ring += 1) {
        const from = ringStart[ring];
        const to = ringStart[ring + 1];
        let x0 = points[from] * unit;
        let y0 = points[from + 1] * unit;
        let begun = 0;
        for (let i = from + 2; i <= to; i += 2) {
          const closing = i === to;
          const x1 = points[closing ? from : i] * unit;
          const y1 = points[closing ? from + 1 : i + 1] * unit;
          if (!closing && Math.abs(x1 - x0) < 0.8 && Math.abs(y1 - y0) < 0.8) continue;
          const outside =
            (x0 - left < -reach && x1 - left < -reach) ||
            (y0 - top < -reach && y1 - top < -reach) ||
            (x0 - left > edge && x1 - left > edge) ||
            (y0 - top > edge && y1 - top > edge);
          if (!outside) segment(x0 - left, y0 - top, x1 - left, y1 - top, reach, dash, begun);
          if (dash !== null) begun += Math.hypot(x1 - x0, y1 - y0);
          x0 = x1;
          y0 = y1;
        }
      }
    }

    function clear() {
      near.fill(FAR);
    }

    return { add, clear, near };
  };
})((window.sceneViewer ||= {}));
