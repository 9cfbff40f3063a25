/* A tile's pixels: fills, outlines and differences. Work comes in slices that yield. */
(function (sv) {
  "use strict";

  const T = sv.TILE;
  /* Points that one slice draws: well below a millisecond. */
  const SLICE = 3000;
  /* Outlines of smaller things would hide them, in CSS pixels. */
  const LEAST_OUTLINED = 12;
  const LEAST_OUTLINE = 4;

  const coverage = sv.makeCoverage();
  const lines = sv.makeLines();
  const first = new Float32Array(T * T);
  const second = new Float32Array(T * T);
  const parts = [new Float32Array(T * T), new Float32Array(T * T), new Float32Array(T * T)];
  const pixels = new Uint8ClampedArray(4 * T * T);

  /* Put a colour with an opacity above what is there. */
  function blend(at, r, g, b, opacity) {
    const i = 4 * at;
    if (opacity === 1 || pixels[i + 3] === 0) {
      pixels[i] = r;
      pixels[i + 1] = g;
      pixels[i + 2] = b;
      pixels[i + 3] = 255 * opacity;
      return;
    }
    const below = (pixels[i + 3] / 255) * (1 - opacity);
    const all = opacity + below;
    pixels[i] = (r * opacity + pixels[i] * below) / all;
    pixels[i + 1] = (g * opacity + pixels[i + 1] * below) / all;
    pixels[i + 2] = (b * opacity + pixels[i + 2] * below) / all;
    pixels[i + 3] = 255 * all;
  }

  /* Pour a paint where covered, and leave zeros there. */
  function pour(paint, covered, extent) {
    const { side, table } = paint;
    for (let y = extent.top; y < extent.bottom; y += 1) {
      const row = (y % side) * side;
      for (let x = extent.left; x < T; x += 1) {
        const at = y * T + x;
        const part = covered[at];
        if (part === 0) continue;
        covered[at] = 0;
        const c = 3 * (row + (x % side));
        blend(at, table[c], table[c + 1], table[c + 2], part);
      }
    }
  }

  /* Draw the lines of which distances are known: a core, and around it a halo. */
  function ink(core, halo, width, around) {
    const { near } = lines;
    const limit = (width / 2 + around + 0.5) * sv.LINE_UNITS;
    for (let at = 0; at < near.length; at += 1) {
      if (near[at] >= limit) continue;
      const off = near[at] / sv.LINE_UNITS;
      if (around > 0) {
        const edge = Math.min(1, width / 2 + around + 0.5 - off);
        blend(at, halo[0], halo[1], halo[2], 0.65 * edge);
      }
      const inner = Math.min(1, width / 2 + 0.5 - off);
      if (inner > 0) blend(at, core[0], core[1], core[2], inner);
    }
    lines.clear();
  }

  /* Numbers of the group's polygons near the tile. */
  function near(group, job, around) {
    const unit = group.step / job.scale;
    const left = (job.left - around) * unit;
    const top = (job.top - around) * unit;
    const side = (T + 2 * around) * unit;
    return sv.touching(group.index, left, top, left + side, top + side);
  }

  /* Side of a polygon's box, in pixels of the tile. */
  function sideOf(group, polygon, scale) {
    const i = 4 * polygon;
    const { boxes, step } = group;
    const side = Math.max(boxes[i + 2] - boxes[i], boxes[i + 3] - boxes[i + 1]);
    return (side / step) * scale;
  }

  function pointsOf(group, polygon) {
    const { ringStart, start } = group;
    return (ringStart[start[polygon + 1]] - ringStart[start[polygon]]) / 2;
  }

  /* Call a function for each polygon, a slice at a time. */
  function* each(group, polygons, draw) {
    let left = SLICE;
    for (const polygon of polygons) {
      draw(polygon);
      left -= pointsOf(group, polygon) + 10;
      if (left < 0) {
        left = SLICE;
        yield;
      }
    }
  }

  function* cover(group, polygons, job) {
    yield* each(group, polygons, (polygon) =>
      coverage.add(group, polygon, job.scale, job.left, job.top));
  }

  function* fill(group, polygons, job) {
    yield* cover(group, polygons, job);
    pour(job.paints.get(group.code), first, coverage.take(first));
    yield;
  }

  /* Outlines of a class in a layer that is filled: thin and dark. */
  function* edges(group, job) {
    const width = 1.2 * job.unit;
    const reach = width / 2 + 0.5;
    const large = near(group, job, reach).filter(
      (polygon) => sideOf(group, polygon, job.scale) >= LEAST_OUTLINED * job.unit);
    if (large.length === 0) return;
    yield* each(group, large, (polygon) =>
      lines.add(group, polygon, job.scale, job.left, job.top, reach, null));
    ink(job.paints.get(group.code).line, null, width, 0);
    yield;
  }

  /* A class as outlines: they must be seen on any ground. Tiny things are filled. */
  function* outlines(group, job, dash) {
    const width = 1.9 * job.unit;
    const around = 0.9 * job.unit;
    const reach = width / 2 + around + 0.5;
    const paint = job.paints.get(group.code);
    const found = near(group, job, reach);
    const small = (polygon) => sideOf(group, polygon, job.scale) < LEAST_OUTLINE * job.unit;
    if (found.length === 0) return;
    yield* fill(group, found.filter(small), job);
    yield* each(group, found.filter((polygon) => !small(polygon)), (polygon) =>
      lines.add(group, polygon, job.scale, job.left, job.top, reach, dash));
    const halo = sv.luminance(paint.base) > 0.22 ? [0, 0, 0] : [255, 255, 255];
    ink(paint.base, halo, width, around);
    yield;
  }

  function dashAt(layer, unit) {
    const lengths = sv.dashOf(layer);
    if (lengths === null) return null;
    const scaled = lengths.map((length) => length * unit);
    return { parts: scaled, total: scaled.reduce((sum, part) => sum + part, 0) };
  }

  /* The lowest layer is filled unless outlines are asked for; those above it are outlines. */
  function* layers(job) {
    const wanted = (group) => job.style.codes.has(group.code);
    for (const [rank, layer] of job.layers.entries()) {
      const groups = layer.groups.filter(wanted);
      const dash = dashAt(layer.number, job.unit);
      const filled = rank === 0 && !job.style.outlines;
      for (const group of groups) {
        if (!filled) yield* outlines(group, job, dash);
        else {
          const found = near(group, job, 0);
          if (found.length > 0) yield* fill(group, found, job);
        }
      }
      for (const group of filled ? groups : []) yield* edges(group, job);
    }
  }

  function merge(extents) {
    return {
      top: Math.min(...extents.map((row) => row.top)),
      bottom: Math.max(...extents.map((row) => row.bottom)),
      left: Math.min(...extents.map((row) => row.left)),
    };
  }

  /* What of a class was found and is true, was only found, and is only true: of the two coverages
     the smaller, and what each has beyond it. The most that any class has is kept. */
  function compare(extent) {
    const [tp, fp, fn] = parts;
    for (let y = extent.top; y < extent.bottom; y += 1) {
      for (let at = y * T + extent.left; at < (y + 1) * T; at += 1) {
        const found = first[at];
        const truth = second[at];
        if (found === 0 && truth === 0) continue;
        const both = found < truth ? found : truth;
        if (both > tp[at]) tp[at] = both;
        if (found - both > fp[at]) fp[at] = found - both;
        if (truth - both > fn[at]) fn[at] = truth - both;
        first[at] = 0;
        second[at] = 0;
      }
    }
  }

  /* Pour the three parts side by side. Where one class is missing because another was found, the
     marks of what is missing stand on what was found. Errors win over what is right. */
  function pourParts(extent, paints) {
    const [tp, fp, fn] = parts;
    const { side, marks } = paints[2];
    for (let y = extent.top; y < extent.bottom; y += 1) {
      for (let x = extent.left; x < T; x += 1) {
        const at = y * T + x;
        if (tp[at] === 0 && fp[at] === 0 && fn[at] === 0) continue;
        const k = (y % side) * side + (x % side);
        const missing = marks[k] >= 0.5 ? fn[at] : Math.min(fn[at], 1 - fp[at]);
        const found = Math.min(fp[at], 1 - missing);
        const right = Math.min(tp[at], 1 - missing - found);
        const all = missing + found + right;
        const shade = (c) =>
          (paints[0].table[c] * right + paints[1].table[c] * found + paints[2].table[c] * missing)
          / all;
        blend(at, shade(3 * k), shade(3 * k + 1), shade(3 * k + 2), all);
        tp[at] = 0;
        fp[at] = 0;
        fn[at] = 0;
      }
    }
  }

  function* difference(job) {
    const extents = [];
    for (const code of job.style.codes) {
      const groups = job.layers.map((layer) => layer.groups.find((group) => group.code === code));
      const found = groups.map((group) => (group ? near(group, job, 0) : []));
      if (found[0].length + found[1].length === 0) continue;
      const taken = [];
      for (const [number, covered] of [first, second].entries()) {
        if (found[number].length > 0) yield* cover(groups[number], found[number], job);
        taken.push(coverage.take(covered));
      }
      extents.push(merge(taken));
      compare(extents[extents.length - 1]);
      yield;
    }
    if (extents.length === 0) return;
    pourParts(merge(extents), ["tp", "fp", "fn"].map((part) => job.paints.get(part)));
  }

  /* Forget what an unfinished tile left behind. */
  sv.clearPainting = function () {
    coverage.clear();
    lines.clear();
    [first, second, ...parts].forEach((array) => array.fill(0));
    pixels.fill(0);
  };

  /* Paint a tile in slices; gives its pixels at the end, or null if none is covered.
     A job has style {codes, outlines, pair}, layers (of the difference: found, true), paints by
     class, scale in pixels per pixel of the scene, unit (screen pixels per CSS pixel), left, top. */
  sv.paintTile = function* (job) {
    yield* job.style.pair === null ? layers(job) : difference(job);
    for (let i = 3; i < pixels.length; i += 4) {
      if (pixels[i] === 0) continue;
      const image = new ImageData(pixels.slice(), T, T);
      pixels.fill(0);
      return image;
    }
    return null;
  };
})((window.sceneViewer ||= {}));
