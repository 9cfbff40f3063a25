/* Which polygons touch a rectangle or a point. */
(function (sv) {
  "use strict";

  const BLOCK = 32;

  /* The lower ten bits, with a zero after each. */
  function spread(bits) {
    let value = bits & 1023;
    value = (value | (value << 8)) & 0x00ff00ff;
    value = (value | (value << 4)) & 0x0f0f0f0f;
    value = (value | (value << 2)) & 0x33333333;
    return (value | (value << 1)) & 0x55555555;
  }

  /* Polygons in an order in which neighbours stand together. */
  function orderOf(boxes) {
    const count = boxes.length / 4;
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < boxes.length; i += 4) {
      left = Math.min(left, boxes[i]);
      top = Math.min(top, boxes[i + 1]);
      right = Math.max(right, boxes[i + 2]);
      bottom = Math.max(bottom, boxes[i + 3]);
    }
    const across = 1023 / Math.max(1, right - left);
    const down = 1023 / Math.max(1, bottom - top);
    const keys = new Float64Array(count);
    for (let polygon = 0; polygon < count; polygon += 1) {
      const i = 4 * polygon;
      const x = ((boxes[i] + boxes[i + 2]) / 2 - left) * across;
      const y = ((boxes[i + 1] + boxes[i + 3]) / 2 - top) * down;
      keys[polygon] = (spread(x) + 2 * spread(y)) * count + polygon;
    }
    keys.sort();
    return Uint32Array.from(keys, (key) => key % count);
  }

  /* An index: polygons in blocks of neighbours, each block with the box around all of it. */
  sv.makeIndex = function (boxes) {
    const order = orderOf(boxes);
    const blocks = new Int32Array(4 * Math.ceil(order.length / BLOCK));
    for (let block = 0; block < blocks.length / 4; block += 1) {
      let [left, top, right, bottom] = [2147483647, 2147483647, -2147483648, -2147483648];
      for (let at = block * BLOCK; at < Math.min(order.length, (block + 1) * BLOCK); at += 1) {
        const i = 4 * order[at];
        left = Math.min(left, boxes[i]);
        top = Math.min(top, boxes[i + 1]);
        right = Math.max(right, boxes[i + 2]);
        bottom = Math.max(bottom, boxes[i + 3]);
      }
      blocks.set([left, top, right, bottom], 4 * block);
    }
    return { boxes, order, blocks };
  };

  function apart(boxes, i, left, top, right, bottom) {
    return boxes[i] > right || boxes[i + 2] < left || boxes[i + 1] > bottom || boxes[i + 3] < top;
  }

  /* Numbers of the polygons whose boxes touch the rectangle, which is in units. */
  sv.touching = function (index, left, top, right, bottom) {
    const { boxes, order, blocks } = index;
    const found = [];
    for (let block = 0; block < blocks.length / 4; block += 1) {
      if (apart(blocks, 4 * block, left, top, right, bottom)) continue;
      const end = Math.min(order.length, (block + 1) * BLOCK);
      for (let at = block * BLOCK; at < end; at += 1) {
        if (!apart(boxes, 4 * order[at], left, top, right, bottom)) found.push(order[at]);
      }
    }
    return found;
  };

  /* Whether the point lies in the polygon and in none of its holes: an odd number of edges is
     right of it. */
  function holds(group, polygon, x, y) {
    const { points, ringStart, start } = group;
    let inside = false;
    for (let ring = start[polygon]; ring < start[polygon + 1]; ring += 1) {
      const from = ringStart[ring];
      const to = ringStart[ring + 1];
      let x0 = points[to - 2];
      let y0 = points[to - 1];
      for (let i = from; i < to; i += 2) {
        const x1 = points[i];
        const y1 = points[i + 1];
        if (y0 > y !== y1 > y && x < x0 + ((y - y0) * (x1 - x0)) / (y1 - y0)) inside = !inside;
        x0 = x1;
        y0 = y1;
      }
    }
    return inside;
  }

  /* Numbers of the polygons at a point of the scene. */
  sv.polygonsAt = function (group, x, y) {
    const right = x * group.step;
    const down = y * group.step;
    return sv
      .touching(group.index, right, down, right, down)
      .filter((polygon) => holds(group, polygon, right, down));
  };
})((window.sceneViewer ||= {}));
