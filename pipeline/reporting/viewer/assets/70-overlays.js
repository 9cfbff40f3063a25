/* What lies above the canvas: zoom buttons, scale bar, swipe handle, words under the pointer. */
(function (sv) {
  "use strict";

  const el = sv.element;
  const BAR = 120;
  const TOLD = 6;

  function zoomButtons(act) {
    const button = (lines, label, done) => {
      const node = el("button", { type: "button", title: label }, sv.icon(lines));
      node.setAttribute("aria-label", label);
      node.addEventListener("click", done);
      return node;
    };
    const full = button("M3 7V3H7M13 3H17V7M17 13V17H13M7 17H3V13", "Full screen", () => act.full());
    return el("div", { className: "viewer-zoom" },
      button("M4 10H16M10 4V16", "Zoom in", () => act.zoom(1.5)),
      button("M4 10H16", "Zoom out", () => act.zoom(1 / 1.5)),
      button("M3 3H17V17H3ZM7 7H13V13H7Z", "Whole scene", () => act.fit()),
      ...(document.fullscreenEnabled ? [full] : []));
  }

  function scaleBar(model, stage) {
    const line = el("span", { className: "viewer-ruler" });
    const text = el("span", {});
    const box = el("div", { className: "viewer-scale" }, line, text);
    return {
      box,
      show() {
        const { metres } = model.scene();
        const unit = (metres ?? 1) / stage.view.get().scale;
        const length = sv.niceLength(BAR * unit);
        line.style.width = `${length / unit}px`;
        text.textContent = sv.lengthText(length, metres);
      },
    };
  }

  /* The handle between the bare picture and the result. */
  function swipeHandle(model, stage) {
    const grip = el("span", { className: "viewer-grip" }, sv.icon("M7 5L2 10L7 15M13 5L18 10L13 15"));
    const handle = el("div", { className: "viewer-handle", tabIndex: 0 }, grip);
    const set = { role: "slider", "aria-label": "Swipe between picture and result",
      "aria-valuemin": "0", "aria-valuemax": "100", "aria-orientation": "horizontal" };
    Object.entries(set).forEach(([key, value]) => handle.setAttribute(key, value));
    const move = (split) => model.change({ split: Math.min(1, Math.max(0, split)) });
    const steps = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02,
      PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 };
    handle.addEventListener("keydown", (event) => {
      if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(model.state.split + steps[event.key]);
    });
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
      stage.hold(true);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = stage.canvas.getBoundingClientRect();
      move((event.clientX - box.left) / box.width);
    });
    handle.addEventListener("lostpointercapture", () => stage.hold(false));
    return {
      handle,
      show() {
        const part = Math.round(100 * model.state.split);
        handle.hidden = model.state.mode !== "swipe";
        handle.style.left = `${100 * model.state.split}%`;
        handle.setAttribute("aria-valuenow", String(part));
        handle.setAttribute("aria-valuetext", `Picture ${part} %, result ${100 - part} %`);
      },
    };
  }

  /* A small window with what is under the pointer or the cross. */
  function makeTip(model, stage) {
    const box = el("div", { className: "viewer-tip", hidden: true });
    let pinned = null;
    box.setAttribute("aria-hidden", "true");

    /* What the words at the cross hold for. */
    function seen() {
      const { x, y, scale, width, height } = stage.view.get();
      return [x, y, scale, width, height, model.state.mode, model.style(1).key].join();
    }

    function hide() {
      box.hidden = true;
      pinned = null;
    }

    function put(rows, x, y) {
      box.hidden = false;
      box.replaceChildren(...rows);
      const { clientWidth, clientHeight } = stage.canvas;
      const left = x + 16 + box.offsetWidth > clientWidth ? x - 16 - box.offsetWidth : x + 16;
      const top = Math.min(y + 12, clientHeight - box.offsetHeight - 6);
      box.style.left = `${Math.max(4, Math.min(left, clientWidth - box.offsetWidth - 4))}px`;
      box.style.top = `${Math.max(4, top)}px`;
    }

    return {
      box, hide,
      show(objects, x, y) {
        hide();
        if (objects.length === 0) return;
        const rows = objects.slice(0, TOLD).map((object) =>
          el("p", {}, sv.makeSwatch(object.row),
            el("span", {}, el("bdi", { className: "viewer-name" }, object.row.name),
              el("small", {}, sv.objectText(object)))));
        const more = objects.length - rows.length;
        if (more > 0) rows.push(el("p", {}, `and ${more} more`));
        put(rows, x, y);
      },
      /* Show what is at the cross, until something else is there. */
      pin(objects, nothing) {
        const pane = stage.panes().at(-1);
        const x = pane.x + pane.width / 2;
        const y = stage.canvas.clientHeight / 2;
        if (objects.length > 0) this.show(objects, x, y);
        else put([el("p", {}, nothing)], x, y);
        pinned = seen();
      },
      check() {
        if (pinned !== null && pinned !== seen()) hide();
      },
    };
  }

  function makeHint() {
    const box = el("div", { className: "viewer-hint", hidden: true });
    let timer = 0;
    return {
      box,
      show(text) {
        box.textContent = text;
        box.hidden = false;
        clearTimeout(timer);
        timer = setTimeout(() => {
          box.hidden = true;
        }, 1600);
      },
    };
  }

  sv.makeOverlays = function (model, stage, act) {
    const ruler = scaleBar(model, stage);
    const swipe = swipeHandle(model, stage);
    const tip = makeTip(model, stage);
    const hint = makeHint();
    const names = el("div", { className: "viewer-sides" }, el("span", {}, "Picture"),
      el("span", {}, "Result"));
    const notice = el("p", { className: "viewer-notice", hidden: true });
    names.setAttribute("aria-hidden", "true");
    return {
      tip, hint,
      nodes: [names, ruler.box, zoomButtons(act), swipe.handle, hint.box, notice, tip.box],
      notice(text) {
        notice.textContent = text;
        notice.hidden = text === "";
      },
      show() {
        ruler.show();
        swipe.show();
        tip.check();
        names.hidden = model.state.mode !== "beside";
      },
    };
  };
})((window.sceneViewer ||= {}));
