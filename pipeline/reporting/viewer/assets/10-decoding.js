/* Polygons out of few bytes, as pipeline/reporting/viewer/encoding.py writes them. */
(function (sv) {
  "use strict";

  function bytesOf(text) {
    if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
    const letters = atob(text);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
    return bytes;
  }

  /* A function that gives one unsigned LEB128 number after the other. */
  function numbersOf(bytes) {
    let at = 0;
    return function next() {
      let byte = bytes[at];
      at += 1;
      if (byte < 128) return byte;
      let value = byte & 127;
      let unit = 128;
      do {
        if (at >= bytes.length) throw new RangeError("polygons end too early");
        byte = bytes[at];
        at += 1;
        value += (byte & 127) * unit;
        unit *= 128;
      } while (byte >= 128);
      return value;
    };
  }

  function signed(value) {
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /* Twice the area of the ring that takes points[from..to), above 0 if it runs clockwise. */
  function doubleArea(points, from, to) {
    let sum = 0;
    let x = points[to - 2];
    let y = points[to - 1];
    for (let i = from; i < to; i += 2) {
      sum += x * points[i + 1] - points[i] * y;
      x = points[i];
      y = points[i + 1];
    }
    return sum;
  }

  /* Rings of a group: coordinates in units, and where each ring and each polygon starts. */
  function readRings(group) {
    const bytes = bytesOf(group.rings);
    const next = numbersOf(bytes);
    const points = new Int32Array(bytes.length);
    const ringStart = new Uint32Array(bytes.length + 1);
    const start = new Uint32Array(group.count + 1);
    let rings = 0;
    let at = 0;
    let x = 0;
    let y = 0;
    for (let polygon = 0; polygon < group.count; polygon += 1) {
      for (let left = next(); left > 0; left -= 1) {
        for (let point = next(); point > 0; point -= 1) {
          x += signed(next());
          y += signed(next());
          points[at] = x;
          points[at + 1] = y;
          at += 2;
        }
        rings += 1;
        ringStart[rings] = at;
        if (at > bytes.length) throw new RangeError("polygons end too early");
      }
      start[polygon + 1] = rings;
    }
    return { points: points.slice(0, at), ringStart: ringStart.slice(0, rings + 1), start };
  }

  /* What drawing needs of each ring and polygon: direction, size and box. */
  function measure(rings, step) {
    const { points, ringStart, start } = rings;
    const count = start.length - 1;
    const sign = new Int8Array(ringStart.length - 1);
    const size = new Float64Array(count);
    const boxes = new Int32Array(4 * count);
    for (let polygon = 0; polygon < count; polygon += 1) {
      const first = start[polygon];
      let box = [2147483647, 2147483647, -2147483648, -2147483648];
      for (let ring = first; ring < start[polygon + 1]; ring += 1) {
        const area = doubleArea(points, ringStart[ring], ringStart[ring + 1]);
        const outline = ring === first;
        sign[ring] = area >= 0 === outline ? 1 : -1;
        size[polygon] += (outline ? 0.5 : -0.5) * Math.abs(area) / (step * step);
        if (outline) box = boxOf(points, ringStart[ring], ringStart[ring + 1], box);
      }
      boxes.set(box, 4 * polygon);
    }
    return { sign, size, boxes };
  }

  function boxOf(points, from, to, box) {
    let [left, top, right, bottom] = box;
    for (let i = from; i < to; i += 2) {
      const x = points[i];
      const y = points[i + 1];
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
    return [left, top, right, bottom];
  }

  /* Areas in square metres and probabilities; NaN where they are not known. */
  function readValues(group) {
    const next = numbersOf(bytesOf(group.values));
    const area = new Float64Array(group.count);
    const probability = new Float32Array(group.count);
    for (let polygon = 0; polygon < group.count; polygon += 1) {
      const tenths = next();
      const steps = next();
      area[polygon] = tenths > 0 ? tenths / 10 : NaN;
      probability[polygon] = steps > 0 ? (steps - 1) / 254 : NaN;
    }
    return { area, probability };
  }

  /* A layer's groups, the one that covers most first, so that small things lie on top. */
  sv.decodeLayer = function (layer) {
    const groups = layer.groups.map(function (group) {
      const rings = readRings(group);
      const row = { code: group.code, count: group.count, step: layer.step, ...rings };
      Object.assign(row, measure(rings, layer.step), readValues(group));
      row.index = sv.makeIndex(row.boxes);
      row.total = row.size.reduce((sum, size) => sum + size, 0);
      return row;
    });
    return groups.sort((one, two) => two.total - one.total || one.code - two.code);
  };
})((window.sceneViewer ||= {}));
