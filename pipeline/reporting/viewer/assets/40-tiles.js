/* Tiles of the result: painted bit by bit, kept for when they are seen again. */
(function (sv) {
  "use strict";

  const T = sv.TILE;
  const KEPT = 280;

  /* A level is all tiles of one style at one scale. */
  function makeLevel(style, scale, drawn, paints) {
    return { style, scale, drawn, paints, tiles: new Map(), complete: false };
  }

  /* Numbers of the tiles that a rectangle touches, within the scene; all in the level's pixels. */
  function tilesIn(rectangle, width, height, margin) {
    const found = [];
    const left = Math.max(0, Math.floor(rectangle.left / T) - margin);
    const top = Math.max(0, Math.floor(rectangle.top / T) - margin);
    const right = Math.min(Math.ceil(width / T), Math.ceil(rectangle.right / T) + margin);
    const bottom = Math.min(Math.ceil(height / T), Math.ceil(rectangle.bottom / T) + margin);
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) found.push({ x, y, key: `${x},${y}` });
    }
    return found;
  }

  sv.makeTiles = function () {
    let level = null;
    let back = null;
    let levels = [];
    let job = null;
    let queue = [];
    let waiting = 0;
    const used = new Map();
    const spare = [];

    function sameLevel(one, style, scale) {
      return one.style.key === style.key && one.scale === scale;
    }

    /* Turn to a style and a scale. What was seen before stays until there is something better. */
    function turn(style, scale, drawn, paints) {
      if (level !== null && sameLevel(level, style, scale)) return;
      if (level !== null && (level.complete || back === null)) back = level;
      level = levels.find((one) => sameLevel(one, style, scale));
      if (level === undefined) {
        level = makeLevel(style, scale, drawn, paints);
        levels.push(level);
      }
      queue = [];
    }

    function forget() {
      levels.forEach((one) => one.tiles.forEach(release));
      used.clear();
      [level, back, levels, queue, waiting] = [null, null, [], [], 0];
      drop();
    }

    function drop() {
      if (job !== null) sv.clearPainting();
      job = null;
    }

    function release(tile) {
      if (tile.canvas !== null && spare.length < 40) spare.push(tile.canvas);
      tile.canvas = null;
    }

    function touch(tile) {
      if (tile.canvas === null) return;
      used.delete(tile);
      used.set(tile, true);
    }

    /* Let go of what was not seen for the longest time. */
    function trim(seen) {
      const kept = Math.max(KEPT, 3 * seen);
      for (const tile of used.keys()) {
        if (used.size <= kept) break;
        used.delete(tile);
        tile.level.tiles.delete(tile.key);
        release(tile);
      }
      levels = levels.filter((one) => one === level || one === back || one.tiles.size > 0);
    }

    /* Say what is seen: a rectangle in the level's pixels, and the scene's size in them. */
    function want(rectangle, width, height) {
      const missing = (rows) => rows.filter((row) => !level.tiles.has(row.key));
      const seen = tilesIn(rectangle, width, height, 0);
      const now = missing(seen);
      waiting = now.length;
      level.complete = waiting === 0;
      const x = (rectangle.left + rectangle.right) / 2 / T - 0.5;
      const y = (rectangle.top + rectangle.bottom) / 2 / T - 0.5;
      const far = (row) => Math.hypot(row.x - x, row.y - y);
      const later = waiting > 0 ? [] : missing(tilesIn(rectangle, width, height, 1));
      queue = (waiting > 0 ? now : later).sort((one, two) => far(one) - far(two));
      const wanted = job !== null && job.level === level;
      if (job !== null && !(wanted && queue.some((row) => row.key === job.row.key))) drop();
      trim(seen.length);
    }

    function begin() {
      const row = queue.find((one) => !level.tiles.has(one.key));
      if (row === undefined) return false;
      const work = sv.paintTile({
        style: level.style,
        ...level.drawn,
        paints: level.paints,
        unit: level.style.unit,
        scale: level.scale,
        left: row.x * T,
        top: row.y * T,
      });
      job = { row, level, work };
      return true;
    }

    function finish(image) {
      const tile = { key: job.row.key, level: job.level, canvas: null };
      if (image !== null) {
        tile.canvas = spare.pop() || document.createElement("canvas");
        tile.canvas.width = T;
        tile.canvas.height = T;
        tile.canvas.getContext("2d").putImageData(image, 0, 0);
      }
      job.level.tiles.set(tile.key, tile);
      touch(tile);
      job = null;
    }

    /* Paint until the time is over. Returns whether a tile that is seen was finished. */
    function work(until) {
      let done = false;
      while (performance.now() < until) {
        if (job === null && (level === null || !begin())) break;
        const step = job.work.next();
        if (!step.done) continue;
        finish(step.value);
        done = done || waiting > 0;
      }
      return done;
    }

    /* Draw a level's tiles within a rectangle of its pixels; place gives screen from level pixels. */
    function blit(context, one, rectangle, place) {
      const [left, top] = [Math.floor(rectangle.left / T), Math.floor(rectangle.top / T)];
      for (let y = top; y * T < rectangle.bottom; y += 1) {
        for (let x = left; x * T < rectangle.right; x += 1) {
          const tile = one.tiles.get(`${x},${y}`);
          if (tile === undefined || tile.canvas === null) continue;
          touch(tile);
          const x0 = Math.round(place.left + x * T * place.ratio);
          const y0 = Math.round(place.top + y * T * place.ratio);
          const x1 = Math.round(place.left + (x + 1) * T * place.ratio);
          const y1 = Math.round(place.top + (y + 1) * T * place.ratio);
          context.drawImage(tile.canvas, x0, y0, x1 - x0, y1 - y0);
        }
      }
    }

    /* Draw what there is at a scale; (left, top) is the scene's corner on the screen. */
    function draw(context, scale, left, top, width, height) {
      if (level === null) return;
      const ratio = scale / level.scale;
      const seen = { left: -left / ratio, top: -top / ratio };
      seen.right = seen.left + width / ratio;
      seen.bottom = seen.top + height / ratio;
      blit(context, level, seen, { left, top, ratio });
      if (back === null || back === level || level.complete) return;
      for (const row of tilesIn(seen, Infinity, Infinity, 0)) {
        if (!level.tiles.has(row.key)) behind(context, row, ratio, scale, left, top);
      }
    }

    /* What the level before has where a tile is missing. */
    function behind(context, row, ratio, scale, left, top) {
      const x0 = Math.round(left + row.x * T * ratio);
      const y0 = Math.round(top + row.y * T * ratio);
      const x1 = Math.round(left + (row.x + 1) * T * ratio);
      const y1 = Math.round(top + (row.y + 1) * T * ratio);
      const other = scale / back.scale;
      const part = { left: (x0 - left) / other, top: (y0 - top) / other };
      part.right = (x1 - left) / other;
      part.bottom = (y1 - top) / other;
      context.save();
      context.beginPath();
      context.rect(x0, y0, x1 - x0, y1 - y0);
      context.clip();
      blit(context, back, part, { left, top, ratio: other });
      context.restore();
    }

    return {
      turn, forget, want, work, draw,
      get scale() { return level === null ? null : level.scale; },
      get style() { return level === null ? null : level.style.key; },
      get waiting() { return level === null ? 0 : waiting; },
      get busy() { return job !== null || queue.some((row) => !level.tiles.has(row.key)); },
      get kept() { return used.size; },
    };
  };
})((window.sceneViewer ||= {}));
