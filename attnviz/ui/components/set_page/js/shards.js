// Scripts that are loaded when they are needed: a page that was opened from a disk reads no files.

const KEPT = 32;

export class Shards {
  /** @param {Document} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, { there: Promise<any[]>, arrive: (content: any[]) => void }>} */
    this.shards = new Map();
  }

  /** What a script below `index` holds, loaded once while it is kept; nothing if there is none. */
  load(name) {
    const known = this.shards.get(name);
    if (known) return known.there;
    const { promise, resolve } = withResolvers();
    this.shards.set(name, { there: promise, arrive: resolve });
    const script = this.page.createElement("script");
    script.src = `index/${name}.js`;
    script.onerror = () => resolve([]);
    script.onload = () => script.remove();
    this.page.head.append(script);
    if (this.shards.size > KEPT) this.shards.delete(this.shards.keys().next().value);
    return promise;
  }

  /** Called by each script. */
  arrive(name, content) {
    this.shards.get(name)?.arrive(content);
  }
}

/** `Promise.withResolvers`, which older browsers lack. */
function withResolvers() {
  /** @type {(content: any[]) => void} */
  let resolve;
  /** @type {Promise<any[]>} */
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
