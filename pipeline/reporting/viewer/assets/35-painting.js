/* A tile's pixels: fills, outlines and differences. Work comes in slices that yield. */
(function (sv) {
  "use strict";

  const T = sv.TILE;
  /* Points that one slice draws: well below a millisecond. */
  const SLICE = 3000;
  /* Outlines of smaller things would hide them, in CSS pixels. */
  const LEAST_OUTLINED = 12;
  const LEAST_OUTLINE = 4;
  /* Of ground of which nothing is known: the picture stays to be seen. */
  const VEIL = 0.6;

  const coverage = sv.makeCoverage();
  const lines = sv.makeLines();
  const { pour, pourParts, ink, takeImage, clear } = sv.makePixels();
  const first = new Float32Array(T * T);
  const second = new Float32Array(T * T);
  const unknown = new Float32Array(T * T);
  const parts = [new Float32Array(T * T), new Float32Array(T * T), new Float32Array(T * T)];

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
    ink(lines, job.paints.get(group.code).line, null, width, 0);
    yield;
  }

  /* A class as outlines: they must be seen on any ground. Tiny things are filled. */
  function* outlines(group, job, dash) {
    const width = 2.4 * job.unit;
    const around = job.unit;
    const reach = width / 2 + around + 0.5;
    const paint = job.paints.get(group.code);
    const found = near(group, job, reach);
    const small = (polygon) => sideOf(group, polygon, job.scale) < LEAST_OUTLINE * job.unit;
    if (found.length === 0) return;
    yield* fill(group, found.filter(small), job);
    yield* each(group, found.filter((polygon) => !small(polygon)), (polygon) =>
      lines.add(group, polygon, job.scale, job.left, job.top, reach, dash));
    const halo = sv.luminance(paint.base) > 0.22 ? [0, 0, 0] : [255, 255, 255];
    ink(lines, paint.base, halo, width, around);
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
     the smaller, and what each has beyond it. The most that any class has is kept. Where nothing is
     known, nothing counts, as in the score. */
  function compare(extent) {
    const [tp, fp, fn] = parts;
    for (let y = extent.top; y < extent.bottom; y += 1) {
      for (let at = y * T + extent.left; at < (y + 1) * T; at += 1) {
        if (first[at] === 0 && second[at] === 0) continue;
        const known = 1 - unknown[at];
        const found = known * first[at];
        const truth = known * second[at];
        const both = found < truth ? found : truth;
        if (both > tp[at]) tp[at] = both;
        if (found - both > fp[at]) fp[at] = found - both;
        if (truth - both > fn[at]) fn[at] = truth - both;
        first[at] = 0;
        second[at] = 0;
      }
    }
  }

  function* difference(job) {
    const extents = [];
    for (const group of job.unknown) {
      yield* cover(group, near(group, job, 0), job);
      extents.push(coverage.take(unknown));
    }
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
    pourParts(parts, merge(extents), sv.DIFFERENCE.map((row) => job.paints.get(row.key)));
    pour(job.paints.get("unknown"), unknown, merge(extents), VEIL);
  }

  /* Forget what an unfinished tile left behind. */
  sv.clearPainting = function () {
    coverage.clear();
    lines.clear();
    [first, second, unknown, ...parts].forEach((array) => array.fill(0));
    clear();
  };

  /* Paint a tile in slices; gives its pixels at the end, or null if none is covered.
     A job has style {codes, outlines, pair}, layers (of the difference: found, true), groups of
     unknown ground, paints by class, scale in pixels per pixel of the scene, unit (screen pixels per CSS pixel), left, top. */
  sv.paintTile = function* (job) {
    yield* job.style.pair === null ? layers(job) : difference(job);
    return takeImage();
  };
})((window.sceneViewer ||= {}));
