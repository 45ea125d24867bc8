/** Contenders in workerd: each a Worker of its own, spoken to over a socket that leads straight to it. */
import { Agent, request } from "node:http";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundle, COMPATIBILITY_DATE } from "./bundle.ts";
import { CONTENDERS, type ContenderName, type Proof } from "./contender.ts";
import type { Stage, Stages } from "./in-node.ts";
import type { Material } from "./material.ts";

export async function stagesInWorkerd(material: Material): Promise<Stages> {
  const absent = new Map<ContenderName, string>();
  const stages: Stage[] = [];
  const running: Miniflare[] = [];
  const agent = new Agent({ keepAlive: true });
  for (const name of CONTENDERS) {
    try {
      const code = await bundle(
        `import { prepare } from "./${name}.ts"; import { serve } from "./worker.ts"; export default serve(prepare);`,
        import.meta.dirname,
      );
      const miniflare = new Miniflare(
        convertV4MiniflareOptions({
          name,
          modules: [{ type: "ESModule", path: "worker.js", contents: code }],
          compatibilityDate: COMPATIBILITY_DATE,
          compatibilityFlags: ["nodejs_compat"],
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
          handleStructuredLogs: () => undefined,
        }),
      );
      running.push(miniflare);
      const url = await miniflare.unsafeGetDirectURL();
      await asked(agent, url, "/material", JSON.stringify(material));
      stages.push({
        name,
        prove: (message) => asked<Proof>(agent, url, `/prove?message=${message}`),
        async run(message, iterations) {
          const start = performance.now();
          await asked(agent, url, `/run?message=${message}&iterations=${iterations}`);
          return performance.now() - start;
        },
      });
    } catch (error) {
      absent.set(name, firstLine(error));
    }
  }
  return {
    stages,
    absent,
    async close() {
      agent.destroy();
      await Promise.all(running.map((miniflare) => miniflare.dispose()));
    },
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}

function asked<T>(agent: Agent, base: URL, path: string, body?: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, base), { agent, method: body === undefined ? "GET" : "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        try {
          const answer = JSON.parse(text) as { value: T } | { error: string };
          if ("error" in answer) reject(new Error(answer.error));
          else resolve(answer.value);
        } catch {
          reject(new Error(text.slice(0, 200)));
        }
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
