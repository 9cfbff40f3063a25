/* What is shown, and what the scenes hold. */
(function (sv) {
  "use strict";

  const REMEMBERED = 3;
  const UNKNOWN = "unknown";

  const NOTHING = { shape: [1, 1], metres: null, pictures: [], layers: {} };

  /* What `make` gives; if the page is damaged so that it fails, a substitute. */
  function tried(make, substitute, failed) {
    try {
      return make();
    } catch {
      failed();
      return substitute;
    }
  }

  /* The scene's picture; `picture` is null until it is there, and if it can't be read. */
  function loadPicture(uri, done) {
    const row = { picture: null, width: 0, height: 0, failed: false };
    const image = new Image();
    image.onload = async function () {
      row.width = image.naturalWidth;
      row.height = image.naturalHeight;
      try {
        row.picture = await createImageBitmap(image);
      } catch {
        row.picture = image;
      }
      done();
    };
    image.onerror = function () {
      row.failed = true;
      done();
    };
    image.src = uri;
    return row;
  }

  function makeScene(head, done) {
    let damaged = false;
    const fail = () => {
      damaged = true;
    };
    const parse = () => JSON.parse(document.getElementById(head.block).textContent);
    const block = tried(parse, NOTHING, fail);
    const decoded = new Map();
    const pictures = new Map();
    return {
      id: head.id,
      note: head.note,
      keys: head.layers.filter((key) => key in block.layers),
      height: block.shape[0],
      width: block.shape[1],
      metres: block.metres,
      get damaged() { return damaged; },
      pictures: block.pictures.map((row) => row.name),
      layer(key) {
        const decode = () => sv.decodeLayer(block.layers[key]);
        if (!decoded.has(key)) decoded.set(key, tried(decode, [], fail));
        return decoded.get(key);
      },
      picture(number) {
        if (number >= block.pictures.length) return null;
        if (!pictures.has(number)) {
          pictures.set(number, loadPicture(block.pictures[number].uri, done));
        }
        return pictures.get(number);
      },
    };
  }

  /* The state of the viewer. `changed` is called with the names of what changed. */
  sv.makeModel = function (data, changed) {
    const scenes = new Map();
    const paints = new Map();
    const state = {
      scene: 0,
      picture: null,
      layers: new Set(data.layers.slice(0, 1).map((layer) => layer.key)),
      difference: false,
      pair: 0,
      codes: new Set(data.classes.map((row) => row.code)),
      opacity: 0.7,
      outlines: false,
      mode: "over",
      split: 0.5,
      mark: null,
    };

    function scene() {
      if (data.scenes.length === 0) return null;
      const head = data.scenes[state.scene];
      let found = scenes.get(head.block);
      scenes.delete(head.block);
      found ??= makeScene(head, () => changed(["picture"]));
      scenes.set(head.block, found);
      if (scenes.size > REMEMBERED) scenes.delete(scenes.keys().next().value);
      return found;
    }

    /* The pair of layers whose difference is shown, or null. */
    function pair() {
      const rows = pairsHere();
      if (!state.difference || rows.length === 0) return null;
      return rows.includes(data.pairs[state.pair]) ? data.pairs[state.pair] : rows[0];
    }

    function pairsHere() {
      const here = scene();
      return here === null
        ? []
        : data.pairs.filter((row) => row.every((key) => here.keys.includes(key)));
    }

    /* Keys of the layers that are drawn: those asked for, or one if the scene has none of them. */
    function shown() {
      const here = scene();
      const now = pair();
      if (here === null) return [];
      if (now !== null) return now;
      const keys = data.layers.map((layer) => layer.key).filter((key) => here.keys.includes(key));
      const asked = keys.filter((key) => state.layers.has(key));
      return asked.length > 0 || state.layers.size === 0 ? asked : keys.slice(0, 1);
    }

    function paintsFor(unit) {
      if (!paints.has(unit)) {
        const rows = data.classes.map((row) => [row.code, row]);
        const all = [...rows, ...sv.DIFFERENCE.map((row) => [row.key, row])];
        paints.set(unit, new Map(all.map(([key, row]) => [
          key, sv.makePaint(row, unit),
        ])));
      }
      return paints.get(unit);
    }

    /* All that decides how a tile looks. */
    function style(unit) {
      const codes = data.classes.map((row) => row.code).filter((code) => state.codes.has(code));
      const keys = shown();
      const now = pair();
      const outlines = state.outlines && now === null;
      const key = JSON.stringify([state.scene, keys, now !== null, codes, outlines, unit]);
      return { key, codes: new Set(codes), outlines, pair: now, unit };
    }

    return {
      data, state, scene, pair, pairsHere, shown, style, paintsFor,
      layersOf(keys) {
        return keys.map((key) => ({
          number: data.layers.findIndex((layer) => layer.key === key),
          groups: scene().layer(key),
        }));
      },
      /* What is painted: layers, and in a difference groups of ground of which nothing is known. */
      drawn() {
        const unknown = this.pair() === null || !this.unknown() ? [] : scene().layer(UNKNOWN);
        return { layers: this.layersOf(shown()), unknown };
      },
      /* Whether labels say nothing of some ground of the scene. */
      unknown() {
        return scene().keys.includes(UNKNOWN);
      },
      /* Number of the picture shown: the one of the name that was chosen, or the first. */
      pictureNumber() {
        return Math.max(0, scene().pictures.indexOf(state.picture));
      },
      change(values) {
        const names = Object.keys(values).filter((name) => values[name] !== state[name]);
        Object.assign(state, values);
        if (names.length > 0) changed(names);
      },
    };
  };
})((window.sceneViewer ||= {}));
