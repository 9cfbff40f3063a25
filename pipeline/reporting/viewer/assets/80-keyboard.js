/* Keys on the canvas. */
(function (sv) {
  "use strict";

  const PART = 0.15;

  sv.listenToKeys = function (model, stage, act) {
    const { canvas, view } = stage;

    function pan(x, y) {
      return (event) => {
        const now = view.get();
        const part = event.shiftKey ? 3 * PART : PART;
        stage.free();
        view.glide(view.by(x * part * now.width, y * part * now.height));
      };
    }

    const keys = {
      ArrowLeft: pan(-1, 0),
      ArrowRight: pan(1, 0),
      ArrowUp: pan(0, -1),
      ArrowDown: pan(0, 1),
      "+": () => act.zoom(1.5),
      "=": () => act.zoom(1.5),
      "-": () => act.zoom(1 / 1.5),
      "_": () => act.zoom(1 / 1.5),
      0: () => act.fit(),
      "[": () => act.scene(model.state.scene - 1),
      "]": () => act.scene(model.state.scene + 1),
      a: () => act.codes(model.state.codes.size < model.data.classes.length),
      p: () => act.found(),
      t: () => act.truth(),
      d: () => act.difference(model.pair() === null),
      o: () => model.change({ outlines: !model.state.outlines }),
      s: () => act.mode("swipe"),
      b: () => act.mode("beside"),
      f: () => act.full(),
      h: () => act.help(),
      Enter: () => act.tell(),
      Escape: () => {
        act.tip.hide();
        model.change({ mark: null });
      },
    };

    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const number = "123456789".indexOf(key);
      const done = Object.hasOwn(keys, key) ? keys[key] : null;
      if (done !== null) {
        event.preventDefault();
        done(event);
      } else if (key.length === 1 && number >= 0 && number < model.data.classes.length) {
        event.preventDefault();
        const { code } = model.data.classes[number];
        act.code(code, !model.state.codes.has(code));
      }
    });
    canvas.addEventListener("focus", () => stage.request());
    canvas.addEventListener("blur", () => stage.request());
  };
})((window.sceneViewer ||= {}));
