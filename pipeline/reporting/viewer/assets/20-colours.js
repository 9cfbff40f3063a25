/* Colours and patterns, as tables of pixels that repeat. */
(function (sv) {
  "use strict";

  /* Side of a pattern in CSS pixels, and of a tile in the screen's: a whole number of patterns. */
  const PERIOD = 10;
  sv.TILE = 240;

  sv.DIFFERENCE = [
    { key: "tp", name: "Found and true", colour: "#5b8ff9", pattern: "solid" },
    { key: "fp", name: "Found, not true", colour: "#ffb000", pattern: "diagonal" },
    { key: "fn", name: "True, not found", colour: "#d81b78", pattern: "dots" },
    { key: "other", name: "Found as another class", colour: "#ffb000", pattern: "cross", mark: "#b0005a" },
    { key: "unknown", name: "Nothing is known", colour: "#c8c8c8", pattern: "back-diagonal" },
  ];

  /* Red, green and blue of "#rrggbb"; grey for anything else. */
  sv.rgb = function (colour) {
    const match = /^#([0-9a-f]{6})$/i.exec(colour);
    const value = match ? parseInt(match[1], 16) : 0x808080;
    return [value >> 16, (value >> 8) & 255, value & 255];
  };

  sv.mix = function (one, two, part) {
    return one.map((value, i) => Math.round(value + (two[i] - value) * part));
  };

  /* Relative luminance, 0 to 1. */
  sv.luminance = function (rgb) {
    const [r, g, b] = rgb.map((value) => (value / 255) ** 2.2);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };

  function markColour(rgb) {
    return sv.luminance(rgb) > 0.22 ? sv.mix(rgb, [0, 0, 0], 0.5) : sv.mix(rgb, [255, 255, 255], 0.6);
  }

  /* Distance to the nearest mark of a pattern, below 0 within it, in CSS pixels. */
  function distance(pattern, x, y) {
    const line = (value) => {
      const rest = ((value % PERIOD) + PERIOD) % PERIOD;
      return Math.min(rest, PERIOD - rest) / Math.SQRT2 - 0.8;
    };
    if (pattern === "diagonal") return line(x + y);
    if (pattern === "back-diagonal") return line(x - y);
    if (pattern === "cross") return Math.min(line(x + y), line(x - y));
    if (pattern === "dots") {
      const near = (dx, dy) => Math.hypot((x % PERIOD) - dx, (y % PERIOD) - dy) - 1.55;
      return Math.min(near(2.5, 2.5), near(7.5, 7.5));
    }
    return Infinity;
  }

  /* How much of the mark's colour each pixel of the pattern has, row by row. */
  sv.patternMarks = function (pattern, unit) {
    const side = PERIOD * unit;
    const marks = new Float32Array(side * side);
    for (let i = 0; i < marks.length; i += 1) {
      const x = ((i % side) + 0.5) / unit;
      const y = (Math.floor(i / side) + 0.5) / unit;
      marks[i] = Math.min(1, Math.max(0, 0.5 - distance(pattern, x, y) * unit));
    }
    return marks;
  };

  /* A paint of a row {colour, pattern}: its colours by pixel of the pattern, three numbers each. */
  sv.makePaint = function (row, unit) {
    const { pattern } = row;
    const base = sv.rgb(row.colour);
    const mark = row.mark ? sv.rgb(row.mark) : markColour(base);
    const marks = sv.patternMarks(pattern, unit);
    const table = new Uint8Array(3 * marks.length);
    marks.forEach((part, i) => table.set(sv.mix(base, mark, part), 3 * i));
    return { side: PERIOD * unit, table, base, line: sv.mix(base, [0, 0, 0], 0.45) };
  };

  /* A small picture of a paint, for legends. */
  sv.makeSwatch = function (row) {
    const unit = 2;
    const paint = sv.makePaint(row, unit);
    const canvas = document.createElement("canvas");
    canvas.className = "viewer-swatch";
    canvas.setAttribute("aria-hidden", "true");
    canvas.width = 22 * unit;
    canvas.height = 16 * unit;
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(canvas.width, canvas.height);
    for (let i = 0; i < canvas.width * canvas.height; i += 1) {
      const x = i % canvas.width;
      const y = Math.floor(i / canvas.width);
      const from = 3 * ((y % paint.side) * paint.side + (x % paint.side));
      pixels.data.set(paint.table.subarray(from, from + 3), 4 * i);
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
    return canvas;
  };

  /* Dashes of the outlines by number of the layer: lengths drawn and left out, in CSS pixels. */
  sv.dashOf = function (layer) {
    return [null, [6, 3], [1.5, 2.5], [10, 2, 2, 2]][layer % 4];
  };
})((window.sceneViewer ||= {}));
