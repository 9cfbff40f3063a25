/* Build the viewer where the page has a place for it. */
(function (sv) {
  "use strict";

  const el = sv.element;

  /* Screen's pixels of the stage, whole ones. */
  function watch(box, stage) {
    let printing = false;
    window.addEventListener("beforeprint", () => {
      printing = true;
      stage.print(true);
    });
    window.addEventListener("afterprint", () => {
      printing = false;
      stage.print(false);
    });
    const observer = new ResizeObserver((entries) => {
      const entry = entries[entries.length - 1];
      if (printing || entry.contentRect.width === 0) return;
      const ratio = window.devicePixelRatio || 1;
      const exact = entry.devicePixelContentBoxSize?.[0];
      /* A browser that pretends to have another screen gives the wrong one here. */
      const whole = (given, css) =>
        Math.abs((given ?? 0) - css * ratio) < 1.5 ? given : Math.round(css * ratio);
      const width = whole(exact?.inlineSize, entry.contentRect.width);
      const height = whole(exact?.blockSize, entry.contentRect.height);
      stage.resize(width, height, width / entry.contentRect.width);
    });
    try {
      observer.observe(box, { box: "device-pixel-content-box" });
    } catch {
      observer.observe(box);
    }
  }

  function captionText(model) {
    const { data, state } = model;
    const names = model.shown().map((key) => data.layers.find((row) => row.key === key).name);
    const drawn = model.pair() !== null
      ? `difference of ${names.join(" and ")}`
      : names.length > 0 ? names.join(" and ") : "no layer";
    const picture = model.scene().pictures[model.pictureNumber()];
    const parts = [`Scene ${data.scenes[state.scene].id}`, picture, drawn];
    return `${parts.filter(Boolean).join(" · ")} (${Math.round(100 * state.opacity)} % opaque)`;
  }

  function readState(model, stage) {
    const { data, state } = model;
    const now = stage.view.get();
    return Object.freeze({
      scene: data.scenes[state.scene]?.id ?? null,
      zoom: now.scale,
      centre: Object.freeze([now.x, now.y]),
      layers: Object.freeze([...model.shown()]),
      difference: model.pair() !== null,
      classes: Object.freeze([...state.codes]),
      opacity: state.opacity,
      outlines: state.outlines,
      mode: state.mode,
      swipe: state.split,
      picture: model.scene()?.pictures[model.pictureNumber()] ?? null,
      waiting: stage.tiles.waiting,
      kept: stage.tiles.kept,
      frames: stage.frames,
      settled: stage.settled && (model.scene()?.picture(model.pictureNumber())?.picture !== null),
    });
  }

  function build(root, data) {
    const status = el("div", { className: "unseen" });
    status.setAttribute("aria-live", "polite");
    const say = (text) => {
      status.textContent = text;
    };
    let app = null;
    const model = sv.makeModel(data, (names) => app?.changed(names));
    const act = sv.makeActions(model, say);
    const canvas = el("canvas", { className: "viewer-canvas", tabIndex: 0 });
    const set = { role: "application", "aria-label": "Scene: picture and polygons",
      "aria-roledescription": "map", "aria-describedby": "viewer-help" };
    Object.entries(set).forEach(([key, value]) => canvas.setAttribute(key, value));
    const stage = sv.makeStage(model, canvas);
    const controls = sv.makeControls(model, act);
    const overlays = sv.makeOverlays(model, stage, act);
    Object.assign(act, { stage, root, keys: controls.keys, tip: overlays.tip });
    const box = el("div", { className: "viewer-stage" }, canvas, ...overlays.nodes);
    const caption = el("figcaption", { className: "viewer-caption" });
    const help = el("p", { className: "unseen", id: "viewer-help" },
      "Arrows pan, plus and minus zoom, Enter says what is at the cross, h lists all keys.");
    app = {
      changed(names) {
        if (names.includes("scene")) {
          stage.forget();
          stage.measure();
          stage.fit(false);
        }
        if (names.includes("mode")) {
          stage.measure();
          stage.view.set({});
        }
        show();
        stage.request();
      },
    };
    function show() {
      controls.show();
      overlays.show();
      caption.textContent = captionText(model);
      overlays.notice(model.scene().damaged ? "This scene can't be read: the file is damaged." : "");
    }
    root.replaceChildren(
      el("figure", { className: "viewer-figure" }, box, caption),
      controls.bar, controls.panel, help, status);
    root.classList.add("viewer-ready");
    stage.onDraw(() => overlays.show());
    sv.listenToPointer(model, stage, overlays);
    sv.listenToKeys(model, stage, act);
    show();
    watch(box, stage);
    return { model, stage, act };
  }

  function start() {
    const root = document.getElementById("viewer");
    const text = document.getElementById("viewer-data")?.textContent;
    if (root === null || text === undefined) return null;
    const data = JSON.parse(text);
    if (data.scenes.length === 0) {
      root.replaceChildren(el("p", { className: "note" }, "There is no scene to show."));
      sv.listenToPlaces(data, root, null);
      return null;
    }
    const app = build(root, data);
    sv.listenToPlaces(data, root, app.act);
    return app;
  }

  const app = start();
  window.sceneViewer = Object.freeze({
    get state() {
      return app === null ? null : readState(app.model, app.stage);
    },
  });
})(window.sceneViewer);
