/* The pixels of the tile that is being painted: straight colours with an opacity, blended in turn. */
(function (sv) {
  "use strict";

  const T = sv.TILE;

  sv.makePixels = function () {
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
    function pour(paint, covered, extent, opacity = 1) {
      const { side, table } = paint;
      for (let y = extent.top; y < extent.bottom; y += 1) {
        const row = (y % side) * side;
        for (let x = extent.left; x < T; x += 1) {
          const at = y * T + x;
          const part = covered[at];
          if (part === 0) continue;
          covered[at] = 0;
          const c = 3 * (row + (x % side));
          blend(at, table[c], table[c + 1], table[c + 2], opacity * part);
        }
      }
    }

    /* Draw the lines of which distances are known: a core, and around it a halo. */
    function ink(lines, core, halo, width, around) {
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

    /* Pour the parts side by side: what was found in vain where another class is true, the rest of
       what was found in vain or is missing, and what is right. Errors win over what is right. */
    function pourParts(parts, extent, paints) {
      const [tp, fp, fn] = parts;
      const { side } = paints[0];
      for (let y = extent.top; y < extent.bottom; y += 1) {
        for (let x = extent.left; x < T; x += 1) {
          const at = y * T + x;
          if (tp[at] === 0 && fp[at] === 0 && fn[at] === 0) continue;
          const other = Math.max(0, fp[at] + fn[at] - 1);
          const wrong = fp[at] + fn[at] - other;
          const right = Math.min(tp[at], 1 - wrong);
          pourPart(at, 3 * ((y % side) * side + (x % side)), paints,
            [right, fp[at] - other, fn[at] - other, other]);
          tp[at] = 0;
          fp[at] = 0;
          fn[at] = 0;
        }
      }
    }

    function pourPart(at, colour, paints, shares) {
      const mixed = [0, 0, 0];
      let all = 0;
      for (let part = 0; part < 4; part += 1) {
        all += shares[part];
        for (let c = 0; c < 3; c += 1) mixed[c] += shares[part] * paints[part].table[colour + c];
      }
      if (all > 0) blend(at, mixed[0] / all, mixed[1] / all, mixed[2] / all, Math.min(1, all));
    }

    /* What was painted, or null if that is nothing; then start anew. */
    function takeImage() {
      for (let i = 3; i < pixels.length; i += 4) {
        if (pixels[i] === 0) continue;
        const image = new ImageData(pixels.slice(), T, T);
        pixels.fill(0);
        return image;
      }
      return null;
    }

    return { pour, pourParts, ink, takeImage, clear: () => pixels.fill(0) };
  };
})((window.sceneViewer ||= {}));
