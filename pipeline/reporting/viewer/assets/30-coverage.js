/* How much of each pixel of a tile polygons cover, exactly: each edge adds to the pixels that it
   crosses the change of coverage along their row, and the sums along rows are the coverage. */
(function (sv) {
  "use strict";

  const T = sv.TILE;
  const STRIDE = T + 3;

  sv.makeCoverage = function () {
    const changes = new Float32Array(STRIDE * T);
    const rows = { top: T, bottom: 0, left: T };

    /* An edge left of the tile: it counts for whole rows. */
    function wall(y0, y1, weight) {
      const end = Math.ceil(y1);
      for (let row = Math.floor(y0); row < end; row += 1) {
        const part = Math.min(row + 1, y1) - Math.max(row, y0);
        changes[row * STRIDE] += weight * part;
      }
    }

    /* A falling edge within the tile. */
    function slope(x0, y0, x1, y1, weight) {
      const lean = (x1 - x0) / (y1 - y0);
      const end = Math.ceil(y1);
      let x = x0;
      for (let row = Math.floor(y0); row < end; row += 1) {
        const dy = Math.min(row + 1, y1) - Math.max(row, y0);
        const next = Math.min(T, Math.max(0, x + lean * dy));
        spreadRow(row * STRIDE, Math.min(x, next), Math.max(x, next), weight * dy);
        x = next;
      }
    }

    /* An edge within one row, from xa to xb, with a share of the row's height. */
    function spreadRow(row, xa, xb, share) {
      const first = Math.floor(xa);
      const last = Math.ceil(xb);
      let at = row + first;
      if (last <= first + 1) {
        const part = share * (0.5 * (xa + xb) - first);
        changes[at] += share - part;
        changes[at + 1] += part;
        return;
      }
      const each = 1 / (xb - xa);
      const head = 1 - (xa - first);
      const tail = xb - last + 1;
      let before = 0.5 * each * head * head;
      changes[at] += share * before;
      for (let column = first + 1; column < last - 1; column += 1) {
        at += 1;
        const now = each * (column + 0.5 - xa);
        changes[at] += share * (now - before);
        before = now;
      }
      const rest = 0.5 * each * tail * tail;
      changes[at + 1] += share * (1 - rest - before);
      changes[at + 2] += share * rest;
    }

    /* Any edge, in pixels of the tile: cut to it. */
    function edge(x0, y0, x1, y1, sign) {
      if (y0 === y1) return;
      if (y0 > y1) edgeDown(x1, y1, x0, y0, sign);
      else edgeDown(x0, y0, x1, y1, -sign);
    }

    function edgeDown(x0, y0, x1, y1, weight) {
      if (y1 <= 0 || y0 >= T || (x0 >= T && x1 >= T)) return;
      const lean = (x1 - x0) / (y1 - y0);
      if (y0 < 0) {
        x0 -= lean * y0;
        y0 = 0;
      }
      if (y1 > T) {
        x1 = x0 + lean * (T - y0);
        y1 = T;
      }
      if (x0 <= 0 && x1 <= 0) return wall(y0, y1, weight);
      if (x0 < 0) {
        const y = Math.min(y1, y0 - x0 / lean);
        wall(y0, y, weight);
        x0 = 0;
        y0 = y;
      } else if (x1 < 0) {
        const y = Math.min(y1, y0 - x0 / lean);
        wall(y, y1, weight);
        x1 = 0;
        y1 = y;
      }
      if (x0 > T) {
        y0 = Math.min(y1, y0 + (T - x0) / lean);
        x0 = T;
      } else if (x1 > T) {
        y1 = Math.min(y1, y0 + (T - x0) / lean);
        x1 = T;
      }
      if (y1 > y0) slope(x0, y0, x1, y1, weight);
    }

    /* A polygon smaller than a pixel: all of it counts for the pixel of its middle. */
    function dot(group, polygon, scale, left, top) {
      const { boxes, step, size } = group;
      const i = 4 * polygon;
      const x = Math.floor(((boxes[i] + boxes[i + 2]) / 2 / step) * scale - left);
      const y = Math.floor(((boxes[i + 1] + boxes[i + 3]) / 2 / step) * scale - top);
      if (x < 0 || x >= T || y < 0 || y >= T) return;
      const covered = size[polygon] * scale * scale;
      changes[y * STRIDE + x] += covered;
      changes[y * STRIDE + x + 1] -= covered;
    }

    /* Add a polygon; scale is in pixels per pixel of the scene, left and top are the tile's place. */
    function add(group, polygon, scale, left, top) {
      const { points, ringStart, start, sign, boxes } = group;
      const unit = scale / group.step;
      const box = 4 * polygon;
      rows.left = Math.min(rows.left, boxes[box] * unit - left - 1);
      rows.top = Math.min(rows.top, boxes[box + 1] * unit - top - 1);
      rows.bottom = Math.max(rows.bottom, boxes[box + 3] * unit - top + 1);
      const side = Math.max(boxes[box + 2] - boxes[box], boxes[box + 3] - boxes[box + 1]);
      if (side * unit < 1) return dot(group, polygon, scale, left, top);
      for (let ring = start[polygon]; ring < start[polygon + 1]; ring += 1) {
        const to = ringStart[ring + 1];
        let x0 = points[to - 2] * unit - left;
        let y0 = points[to - 1] * unit - top;
        for (let i = ringStart[ring]; i < to; i += 2) {
          const x1 = points[i] * unit - left;
          const y1 = points[i + 1] * unit - top;
          edge(x0, y0, x1, y1, sign[ring]);
          x0 = x1;
          y0 = y1;
        }
      }
    }

    /* Write the coverage, 0 to 1, of all that was added, and start anew. The array must hold zeros.
       Returns the rows that may be covered. */
    function take(covered) {
      const top = Math.max(0, Math.floor(rows.top));
      const bottom = Math.min(T, Math.ceil(rows.bottom));
      const left = Math.min(T, Math.max(0, Math.floor(rows.left)));
      for (let row = top; row < bottom; row += 1) {
        const from = row * STRIDE;
        let sum = 0;
        for (let x = left; x < T; x += 1) {
          sum += changes[from + x];
          if (sum > 0.002) covered[row * T + x] = sum < 0.998 ? sum : 1;
        }
        changes.fill(0, from + left, from + STRIDE);
      }
      Object.assign(rows, { top: T, bottom: 0, left: T });
      return { top, bottom, left };
    }

    function clear() {
      changes.fill(0);
      Object.assign(rows, { top: T, bottom: 0, left: T });
    }

    return { add, take, clear };
  };
})((window.sceneViewer ||= {}));
