/* What people can do, whatever they do it with; each is said to those who don't see it. */
(function (sv) {
  "use strict";

  sv.makeActions = function (model, say) {
    const { data, state } = model;
    const act = { stage: null, keys: null, root: null, tip: null };
    const nameOf = (key) => data.layers.find((row) => row.key === key)?.name ?? "";

    function layers(keys) {
      model.change({ layers: new Set(keys), difference: false });
      const names = model.shown().map(nameOf);
      say(names.length > 0 ? `Shown: ${names.join(", ")}` : "No layer is shown");
    }

    act.scene = function (number) {
      if (number < 0 || number >= data.scenes.length || number === state.scene) return;
      model.change({ scene: number, mark: null });
      const { id, note } = data.scenes[number];
      say(`Scene ${id}. ${note}`);
    };

    act.layer = function (key, on) {
      const keys = new Set(model.pair() === null ? model.shown() : []);
      if (on) keys.add(key);
      else keys.delete(key);
      layers(keys);
    };

    act.difference = function (on) {
      model.change({ difference: on });
      const now = model.pair();
      if (on && now === null) say("This scene lacks a layer that the difference needs");
      else if (now !== null) say(`Difference of ${now.map(nameOf).join(" and ")}`);
      else say(`Shown: ${model.shown().map(nameOf).join(", ")}`);
    };

    /* The prediction on or off; with several, the next of them. */
    act.found = function () {
      const keys = data.layers.map((row) => row.key).filter((key) => key !== truthKey());
      const here = keys.filter((key) => model.scene().keys.includes(key));
      if (here.length === 0) return say("This scene has no prediction");
      if (here.length === 1) return act.layer(here[0], !asked(here[0]));
      const now = here.findIndex(asked);
      const kept = truthKey() !== null && asked(truthKey()) ? [truthKey()] : [];
      return layers([here[(now + 1) % here.length], ...kept]);
    };

    act.truth = function () {
      const key = truthKey();
      if (key === null || !model.scene().keys.includes(key)) return say("This scene has no truth");
      return act.layer(key, !asked(key));
    };

    /* Truth is what others are compared with. */
    function truthKey() {
      if (data.pairs.length > 0) return data.pairs[0][1];
      return data.layers.some((row) => row.key === "truth") ? "truth" : null;
    }

    function asked(key) {
      return model.pair() === null && model.shown().includes(key);
    }

    act.code = function (code, on) {
      const codes = new Set(state.codes);
      if (on) codes.add(code);
      else codes.delete(code);
      model.change({ codes });
      const row = data.classes.find((one) => one.code === code);
      say(`${row.name}: ${on ? "on" : "off"}`);
    };

    act.codes = function (on) {
      model.change({ codes: new Set(on ? data.classes.map((row) => row.code) : []) });
      say(on ? "All classes are on" : "All classes are off");
    };

    act.mode = function (mode) {
      model.change({ mode: state.mode === mode ? "over" : mode });
      const words = { over: "Result above the picture", swipe: "Swipe", beside: "Side by side" };
      say(words[state.mode]);
    };

    act.zoom = function (factor) {
      const { view } = act.stage;
      act.stage.free();
      view.glide(view.zoomed(factor, view.get().width / 2, view.get().height / 2));
    };

    act.fit = () => act.stage.fit(true);

    act.full = function () {
      if (document.fullscreenElement !== null) document.exitFullscreen();
      else act.root.requestFullscreen?.().catch(() => say("The browser allows no full screen"));
    };

    act.help = function () {
      act.keys.open = !act.keys.open;
      if (act.keys.open) act.keys.querySelector("summary").focus();
    };

    /* Say and show what is at the cross in the middle; a movement ends first. */
    act.tell = function () {
      const { view } = act.stage;
      if (view.moving()) view.jump(view.by(0, 0));
      const { x, y } = view.get();
      const objects = sv.objectsAt(model, x, y);
      const texts = objects.map((object) => `${object.row.name}: ${sv.objectText(object)}`);
      const nothing = "Nothing at the cross";
      say(texts.length > 0 ? texts.join("; ") : nothing);
      act.tip.pin(objects, nothing);
      return objects;
    };

    /* Show a box of a scene, and the difference of a pair of layers if the scene has both. */
    act.place = function (number, box, codes, keys) {
      const known = codes.filter((code) => data.classes.some((row) => row.code === code));
      const all = data.classes.map((row) => row.code);
      model.change({
        scene: number, codes: new Set(known.length > 0 ? known : all), mark: box,
      });
      const pair = data.pairs.findIndex((row) => row.every((key, i) => key === keys[i]));
      const differs = model.pairsHere().includes(data.pairs[pair]);
      if (differs) model.change({ pair, difference: true });
      act.stage.free();
      act.stage.view.jump(act.stage.view.box(box));
      const what = differs ? `, difference of ${keys.map(nameOf).join(" and ")}` : "";
      say(`Scene ${data.scenes[number].id}${what}: the place is marked with a dashed frame`);
    };
    return act;
  };
})((window.sceneViewer ||= {}));
