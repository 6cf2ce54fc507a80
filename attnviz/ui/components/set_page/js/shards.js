// Scripts that are loaded when they are needed: a page that was opened from a disk reads no files.

const KEPT = 32;

export class Shards {
  /** @param {Document} page */
  constructor(page) {
    this.page = page;
    /** @type {Map<string, { there: Promise<any[]>, resolve: (content: any[]) => void, arrived: boolean }>} */
    this.shards = new Map();
  }

  /** What a script below `index` holds, loaded once while it is kept; nothing if there is none. */
  load(name) {
    const known = this.shards.get(name);
    if (known) return known.there;
    const { promise, resolve } = withResolvers();
    this.shards.set(name, { there: promise, resolve, arrived: false });
    const script = this.page.createElement("script");
    script.src = `index/${name}.js`;
    script.onerror = () => this.arrive(name, []);
    script.onload = () => script.remove();
    this.page.head.append(script);
    return promise;
  }

  /** Called by each script. */
  arrive(name, content) {
    const shard = this.shards.get(name);
    if (!shard) return;
    shard.arrived = true;
    shard.resolve(content);
    // Only what has arrived is forgotten: who waits for another would wait for ever.
    for (const [oldest, { arrived }] of this.shards) {
      if (this.shards.size <= KEPT) break;
      if (arrived) this.shards.delete(oldest);
    }
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
