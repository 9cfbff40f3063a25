/* The controls beside the canvas: what they are, and how they follow the state. */
(function (sv) {
  "use strict";

  const el = sv.element;
  const MODES = [["over", "Overlay"], ["swipe", "Swipe"], ["beside", "Side by side"]];
  const KEYS = [
    ["Arrows", "pan"], ["+ −", "zoom"], ["0", "whole scene"], ["[ ]", "scene before, next scene"],
    ["1 … 9", "class on or off"], ["a", "all classes, or none"], ["p", "prediction"],
    ["t", "truth"], ["d", "difference"], ["o", "filled or outlines"], ["s", "swipe"],
    ["b", "side by side"], ["f", "full screen"],
    ["Enter", "say what is at the cross"], ["Esc", "take frame and words away"],
    ["h", "these keys"],
  ];

  function choice(label, rows, chosen) {
    const select = el("select", { "aria-label": label });
    rows.forEach((text, i) => select.append(el("option", { value: String(i) }, text)));
    select.addEventListener("change", () => chosen(Number(select.value)));
    return { select, box: el("label", { className: "viewer-field" }, el("span", {}, label), select) };
  }

  function tick(label, toggled, ...children) {
    const input = el("input", { type: "checkbox" });
    input.addEventListener("change", () => toggled(input.checked));
    const reason = el("span", { className: "viewer-reason" });
    const box = el("label", { className: "viewer-row" }, input, ...children, reason);
    return {
      input, box,
      show(on, why) {
        input.checked = on;
        input.disabled = why !== "";
        input.setAttribute("aria-label", why === "" ? label : `${label}, ${why}`);
        reason.textContent = why;
        box.classList.toggle("viewer-off", !on);
      },
    };
  }

  /* A line as a layer's outlines are drawn. */
  function lineSample(layer) {
    const canvas = el("canvas", { className: "viewer-line", width: 52, height: 16 });
    canvas.setAttribute("aria-hidden", "true");
    const context = canvas.getContext("2d");
    context.lineWidth = 4;
    context.setLineDash((sv.dashOf(layer) ?? []).map((length) => 2 * length));
    context.beginPath();
    context.moveTo(2, 8);
    context.lineTo(50, 8);
    context.stroke();
    return canvas;
  }

  function sceneBar(model, act) {
    const { data } = model;
    const names = data.scenes.map((row) => row.id);
    const scene = choice("Scene", names, (number) => act.scene(number));
    const step = (label, lines, by) => {
      const node = el("button", { type: "button", className: "viewer-step" }, sv.icon(lines));
      node.setAttribute("aria-label", label);
      node.addEventListener("click", () => act.scene(model.state.scene + by));
      return node;
    };
    const before = step("Scene before", "M12 4L6 10L12 16", -1);
    const next = step("Next scene", "M8 4L14 10L8 16", 1);
    const note = el("p", { className: "viewer-note" });
    const row = el("div", { className: "viewer-scene" }, before, scene.box, next, note);
    return {
      row,
      show() {
        scene.select.value = String(model.state.scene);
        before.disabled = model.state.scene === 0;
        next.disabled = model.state.scene >= data.scenes.length - 1;
        note.textContent = data.scenes[model.state.scene].note;
      },
    };
  }

  function pictureChoice(model) {
    const picture = choice("Picture", [], (number) => {
      model.change({ picture: model.scene().pictures[number] });
    });
    picture.box.classList.add("viewer-picture");
    return {
      box: picture.box,
      show() {
        const names = model.scene().pictures;
        picture.select.replaceChildren(
          ...names.map((text, i) => el("option", { value: String(i) }, text)));
        picture.select.disabled = names.length < 2;
        picture.box.hidden = names.length === 0;
        picture.select.value = String(model.pictureNumber());
      },
    };
  }

  function modeChoice(model) {
    const inputs = MODES.map(([mode, text]) => {
      const input = el("input", { type: "radio", name: "viewer-mode", value: mode });
      input.addEventListener("change", () => model.change({ mode }));
      return { mode, input, box: el("label", {}, input, el("span", {}, text)) };
    });
    const box = el("fieldset", { className: "viewer-modes" },
      el("legend", { className: "unseen" }, "Picture and result"), ...inputs.map((row) => row.box));
    return {
      box,
      show: () => inputs.forEach((row) => {
        row.input.checked = row.mode === model.state.mode;
      }),
    };
  }

  function layerTicks(model, act) {
    const { data } = model;
    const rows = data.layers.map((layer, i) =>
      tick(layer.name, (on) => act.layer(layer.key, on), lineSample(i),
        el("bdi", { className: "viewer-name" }, layer.name)));
    const box = el("fieldset", {}, el("legend", {}, "Layers"), ...rows.map((row) => row.box));
    const name = (key) => data.layers.find((layer) => layer.key === key)?.name ?? key;
    const difference = tick("Difference", (on) => act.difference(on),
      el("span", { className: "viewer-line" }, "±"),
      el("span", { className: "viewer-name" }, "Difference"));
    const pair = choice("Difference of", data.pairs.map((row) => row.map(name).join(" and ")),
      (number) => model.change({ pair: number }));
    const meanings = sv.DIFFERENCE.map((row) =>
      el("li", {}, sv.makeSwatch(row), el("span", {}, row.name)));
    const legend = el("ul", { className: "viewer-legend" }, ...meanings);
    if (data.pairs.length > 0) box.append(difference.box, pair.box, legend);
    return {
      box,
      show() {
        const keys = model.scene().keys;
        const now = model.pair();
        rows.forEach((row, i) => {
          const { key } = data.layers[i];
          const on = now === null && model.shown().includes(key);
          row.show(on, keys.includes(key) ? "" : "not in this scene");
        });
        difference.show(now !== null, model.pairsHere().length > 0 ? "" : "needs both layers");
        pair.box.hidden = data.pairs.length < 2 || now === null;
        if (now !== null) pair.select.value = String(data.pairs.indexOf(now));
        legend.hidden = now === null;
        meanings.at(-1).hidden = !model.unknown();
      },
    };
  }

  function classTicks(model, act) {
    const rows = model.data.classes.map((row) => {
      const count = el("span", { className: "viewer-count" });
      const found = tick(row.name, (on) => act.code(row.code, on),
        sv.makeSwatch(row),
        el("bdi", { className: "viewer-name" }, row.name), count);
      return { ...found, code: row.code, count };
    });
    const button = (text, on) => {
      const node = el("button", { type: "button" }, text);
      node.addEventListener("click", () => act.codes(on));
      return node;
    };
    const both = el("span", { className: "viewer-all" }, button("All", true), button("None", false));
    const list = el("div", { className: "viewer-classes" }, ...rows.map((row) => row.box));
    const box = el("fieldset", { className: "viewer-classes-box" }, el("legend", {}, "Classes"),
      both, list);
    return {
      box,
      show() {
        const groups = model.layersOf(model.shown()).flatMap((layer) => layer.groups);
        for (const row of rows) {
          const counts = groups.filter((group) => group.code === row.code);
          const total = counts.reduce((sum, group) => sum + group.count, 0);
          row.show(model.state.codes.has(row.code), "");
          row.count.textContent = sv.count(total);
          row.box.classList.toggle("viewer-empty", total === 0);
        }
        box.classList.toggle("viewer-differs", model.pair() !== null);
      },
    };
  }

  function look(model) {
    const slider = el("input", { type: "range", min: 0, max: 100, step: 5, "aria-label": "Opacity" });
    slider.addEventListener("input", () => model.change({ opacity: slider.value / 100 }));
    const value = el("output", {});
    const outlines = tick("Outlines only", (on) => model.change({ outlines: on }),
      el("span", { className: "viewer-name" }, "Outlines only"));
    const box = el("fieldset", { className: "viewer-look" }, el("legend", {}, "Look"),
      el("label", { className: "viewer-field" }, el("span", {}, "Opacity"), slider, value),
      outlines.box);
    return {
      box,
      show() {
        slider.value = String(Math.round(100 * model.state.opacity));
        value.textContent = `${Math.round(100 * model.state.opacity)} %`;
        const off = model.pair() !== null;
        outlines.show(model.state.outlines && !off, off ? "not for the difference" : "");
      },
    };
  }

  /* All controls: a bar of what is looked at, a panel of what is drawn. */
  sv.makeControls = function (model, act) {
    const scene = sceneBar(model, act);
    const parts = [scene, pictureChoice(model), modeChoice(model), layerTicks(model, act),
      classTicks(model, act), look(model)];
    const [, picture, modes, layers, classes, drawing] = parts;
    const keys = el("details", { className: "viewer-keys" }, el("summary", {}, "Keys"),
      el("dl", {}, ...KEYS.flatMap(([key, text]) => [
        el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, text))])));
    return {
      bar: el("div", { className: "viewer-bar" }, scene.row, picture.box, modes.box),
      panel: el("div", { className: "viewer-panel" }, layers.box, classes.box, drawing.box, keys),
      keys,
      show: () => parts.forEach((part) => part.show()),
    };
  };
})((window.sceneViewer ||= {}));
