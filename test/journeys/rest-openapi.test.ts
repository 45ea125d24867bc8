import { describe, expect, it } from "vitest";
import { routes } from "../../src/admin/rest/index.ts";
import { startGateway } from "../support/gateway.ts";

const gateway = startGateway();

interface Operation {
  readonly parameters: { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema?: Record<string, unknown> }> };
  readonly responses: Record<string, { readonly content?: Record<string, { schema: unknown }> }>;
}

describe("GET /api/v1/openapi.json", () => {
  it("describes every route, with its parameters, its bodies and its answers, to anybody", async () => {
    const response = await gateway.fetch(new Request("https://admin.example.com/api/v1/openapi.json"));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    const document = await response.json<{ openapi: string; paths: Record<string, Record<string, Operation>> }>();
    expect(document.openapi).toBe("3.1.0");
    for (const route of routes) {
      const operation = document.paths[route.path.replace(/:(\w+)/g, "{$1}")]?.[route.method];
      expect(operation, `${route.method} ${route.path}`).toBeDefined();
      for (const [, name] of route.path.matchAll(/:(\w+)/g)) {
        expect(operation?.parameters).toContainEqual(expect.objectContaining({ name, in: "path", required: true }));
      }
      const takesOne = route.body !== undefined || route.otherBodies !== undefined;
      expect(operation?.requestBody !== undefined).toBe(takesOne);
      // A POST may be a command that its address says whole.
      if (["put", "patch"].includes(route.method)) expect(takesOne).toBe(true);
      const done = Object.keys(operation?.responses ?? {}).filter((status) => status.startsWith("2"));
      expect(done).toHaveLength(1);
    }
  });

  it("says of the settings which fields must be there, and closes every body to unknown ones", async () => {
    const { body } = await gateway.api("GET", "/openapi.json");
    const schema = body.paths["/companies/{slug}/saml"].put.requestBody.content["application/json"].schema;
    expect(schema.required.sort()).toEqual(["certificates", "loginUrl"]);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties.clockSkewSeconds).toMatchObject({
      type: "integer",
      default: 180,
      minimum: 0,
      maximum: 600,
    });
    expect(schema.properties.requestBinding).toMatchObject({ enum: ["POST", "Redirect"], default: "POST" });
    for (const path of Object.values(body.paths) as Record<string, Operation>[]) {
      for (const operation of Object.values(path)) {
        const json = operation.requestBody?.content["application/json"]?.schema;
        if (json) expect(json.additionalProperties).toBe(false);
      }
    }
  });

  it("tells of the entity tag of a file that has one, and of none of an export", async () => {
    const { body } = await gateway.api("GET", "/openapi.json");
    const tags = routes
      .filter(({ files }) => files)
      .map(({ path }) => path)
      .filter((path) => body.paths[path.replace(/:(\w+)/g, "{$1}")].get.responses[200].headers.ETag !== undefined);
    expect(tags).toEqual(["/companies/:slug/logo"]);
  });

  it("tells of If-Match where the handler heeds it, and nowhere else", async () => {
    const { body } = await gateway.api("GET", "/openapi.json");
    for (const { method, path, handle } of routes) {
      const operation: Operation = body.paths[path.replace(/:(\w+)/g, "{$1}")][method];
      const told = operation.parameters.some(({ name }) => name === "If-Match");
      // A handler gets it by this name, and has no other way to it.
      expect([told, "412" in operation.responses], `${method} ${path}`).toEqual([
        String(handle).includes("precondition"),
        told || path.endsWith("/configuration/apply"),
      ]);
    }
  });

  it("mentions no secret of this gateway", async () => {
    const text = JSON.stringify((await gateway.api("GET", "/openapi.json")).body);
    expect(text).not.toContain("operator-token-of-the-tests");
  });
});
