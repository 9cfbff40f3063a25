/* What the viewer says, as plain text, and the elements that hold it. */
(function (sv) {
  "use strict";

  /* An element with attributes and children; a child that is no element becomes text. */
  sv.element = function (name, attributes, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key in node && key !== "list" && key !== "form") node[key] = value;
      else node.setAttribute(key, value);
    }
    node.append(...children.map((child) => (child instanceof Node ? child : String(child))));
    return node;
  };

  /* A drawing of lines, 20 by 20: fonts lack many signs. */
  sv.icon = function (lines) {
    const space = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(space, "svg");
    const path = document.createElementNS(space, "path");
    const set = { viewBox: "0 0 20 20", "aria-hidden": "true", class: "viewer-icon" };
    Object.entries(set).forEach(([key, value]) => picture.setAttribute(key, value));
    path.setAttribute("d", lines);
    picture.append(path);
    return picture;
  };

  function number(value, digits) {
    return value.toLocaleString("en", { maximumFractionDigits: digits });
  }

  function three(value) {
    return number(value, value < 10 ? 2 : value < 100 ? 1 : 0);
  }

  sv.count = (value) => number(value, 0);

  function metresText(area) {
    if (area < 10) return `${number(area, 1)} m²`;
    if (area < 10000) return `${number(area, 0)} m²`;
    return area < 1e7 ? `${three(area / 1e4)} ha` : `${three(area / 1e6)} km²`;
  }

  /* A polygon's area: the one that is given, or by its shape; in pixels if metres are not known. */
  sv.areaText = function (group, polygon, metres) {
    const given = group.area[polygon];
    if (!Number.isNaN(given)) return metresText(given);
    const pixels = group.size[polygon];
    return metres === null ? `${three(pixels)} pixels` : metresText(pixels * metres ** 2);
  };

  /* All polygons at a point of the scene, of the classes and layers that are shown. */
  sv.objectsAt = function (model, x, y) {
    const { data, state } = model;
    const names = new Map(data.classes.map((row) => [row.code, row]));
    const found = [];
    for (const key of model.shown()) {
      const layer = data.layers.find((row) => row.key === key);
      for (const group of model.scene().layer(key)) {
        if (!state.codes.has(group.code) || !names.has(group.code)) continue;
        for (const polygon of sv.polygonsAt(group, x, y)) {
          found.push({
            row: names.get(group.code),
            layer: layer.name,
            area: sv.areaText(group, polygon, model.scene().metres),
            probability: group.probability[polygon],
          });
        }
      }
    }
    return found;
  };

  sv.objectText = function (object) {
    const parts = [object.layer, object.area];
    if (!Number.isNaN(object.probability)) parts.push(`probability ${object.probability.toFixed(2)}`);
    return parts.join(", ");
  };

  /* The nicest length that takes no more than a width, for a scale bar. */
  sv.niceLength = function (most) {
    const unit = 10 ** Math.floor(Math.log10(most));
    return [5, 2, 1].map((part) => part * unit).find((length) => length <= most * 1.0001) ?? unit;
  };

  sv.lengthText = function (length, metres) {
    if (metres === null) return `${number(length, 3)} ${length === 1 ? "pixel" : "pixels"}`;
    if (length >= 1000) return `${number(length / 1000, 3)} km`;
    return length >= 1 ? `${number(length, 0)} m` : `${number(100 * length, 3)} cm`;
  };
})((window.sceneViewer ||= {}));
