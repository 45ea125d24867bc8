/** The reference: openapi.json as a page that people read. Made on the server from the very same description, for anybody, as that is. */
import type { FC } from "hono/jsx";
import { Breakable, framePage, LinkList } from "../frame/index.ts";

/** What the page reads of the description; the rest is for machines. */
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

/** JSON Schema, as far as our schemas use it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly readOnly?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly notes: string;
}

interface Route {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const DEPTH_MAX = 4;

export function referencePage(description: Description, root: string): Response {
  const byResource = Map.groupBy(routesOf(description), ({ path }) => resourceOf(path));
  const items = [...byResource.keys()].map((name) => [name, name, `#${idOf(name)}`] as const);
  return framePage({
    brand: { name: "Vestibule" },
    home: "/",
    done: null,
    title: "API reference",
    lead: "Every call of the REST API, from the description that validates them. Errors are application/problem+json (RFC 9457) with a stable type and, where a field is to blame, its path.",
    aside: (
      <a class="button quiet" href={`${root}/openapi.json`}>
        openapi.json
      </a>
    ),
    navigation: (label) => (
      <nav class="navi" aria-label={label}>
        <LinkList title="Resources" items={items} current="" />
      </nav>
    ),
    children: [...byResource].map(([name, routes]) => (
      <section aria-labelledby={idOf(name)}>
        <h2 id={idOf(name)}>{name}</h2>
        {routes.map((route) => (
          <Call route={route} root={root} />
        ))}
      </section>
    )),
  });
}

function routesOf({ paths }: Description): Route[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      return { id: idOf(`${method} ${path}`), method: method.toUpperCase(), path, operation };
    }),
  );
}

const resourceOf = (path: string) => path.split("/").find((part, index) => index > 2 && part !== "") ?? "companies";
const idOf = (text: string) => text.replaceAll(/[^a-zA-Z]+/g, "-").toLowerCase();

const Call: FC<{ route: Route; root: string }> = ({ route: { id, method, path, operation }, root }) => {
  const answers = Object.entries(operation.responses);
  const parameters = operation.parameters.map(
    ({ name, in: place, required, description = "", schema }): Field => ({
      name,
      type: `${typeOf(schema)} in the ${place}`,
      required,
      notes: description,
    }),
  );
  return (
    <article class="card" aria-labelledby={id}>
      <h3 id={id}>
        <code>
          {method} {path}
        </code>
      </h3>
      <p>
        {operation.summary}. <span class="soft">{operation.description}</span>
      </p>
      <Fields caption="Parameters" fields={parameters} />
      {Object.entries(operation.requestBody?.content ?? {}).map(([type, { schema }]) => (
        <Fields caption={`Body, ${type}`} fields={schema ? fieldsOf(schema, "", 0) : []} />
      ))}
      {answers
        .filter(([status]) => status.startsWith("2"))
        .map(([status, { content = {} }]) => (
          <p class="small">
            Answers {status}
            {Object.entries(content).map(([type, { schema }]) => (
              <>
                {" "}
                with <code>{schema ? namesOf(schema) : type}</code>
              </>
            ))}
            ; or {answers.flatMap(([other]) => (other.startsWith("2") ? [] : other)).join(", ")}.
          </p>
        ))}
      <pre>{exampleOf(method, root + path, operation)}</pre>
    </article>
  );
};

const Fields: FC<{ caption: string; fields: readonly Field[] }> = ({ caption, fields }) => (
  <table class="stack">
    <caption>{caption}</caption>
    <tbody>
      {fields.map(({ name, type, required, notes }) => (
        <tr>
          <th scope="row">
            <code>
              <Breakable text={name} />
            </code>{" "}
            {required && <span class="badge">required</span>}
          </th>
          <td>{type}</td>
          <td>{notes}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

/** The fields of an object, those inside it by their whole path; fields that are ignored are left out. */
function fieldsOf(schema: Schema, prefix: string, depth: number): Field[] {
  const { properties, required = [], items } = objectIn(schema);
  if (properties === undefined) return items ? fieldsOf(items, `${prefix}[]`, depth + 1) : [];
  return Object.entries(properties).flatMap(([key, field]) => {
    if (field.readOnly) return [];
    const name = prefix === "" ? key : `${prefix}.${key}`;
    const own = { name, type: typeOf(field), required: required.includes(key), notes: notesOf(field) };
    return [own, ...(depth < DEPTH_MAX ? fieldsOf(field, name, depth + 1) : [])];
  });
}

/** The one of several alternatives that has fields. */
function objectIn(schema: Schema): Schema {
  return schema.anyOf?.find(({ properties, items }) => properties ?? items) ?? schema;
}

function typeOf({ type, format, enum: values, const: value, anyOf, items }: Schema): string {
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(" or ");
  if (values) return values.map((one) => JSON.stringify(one)).join(" or ");
  if (value !== undefined) return JSON.stringify(value);
  if (type === "array") return `list of ${items ? typeOf(items) : "anything"}`;
  if (type === undefined) return "anything";
  const name = typeof type === "string" ? type : type.join(" or ");
  return format ? `${name} (${format})` : name;
}

function notesOf({ description, default: absent, minimum, maximum, maxLength }: Schema): string {
  const range = [minimum, maximum].every(
    (bound) => bound !== undefined && Number.isSafeInteger(bound) && Math.abs(bound) < 2 ** 50,
  );
  return [
    description,
    range && `${minimum} to ${maximum}`,
    maxLength !== undefined && `at most ${maxLength} characters`,
    absent !== undefined && `without it ${JSON.stringify(absent)}`,
  ]
    .filter(Boolean)
    .join("; ");
}

function namesOf(schema: Schema): string {
  const { properties = {}, items } = objectIn(schema);
  const names = Object.entries(properties).map(([name, field]) =>
    name === "items" && field.items ? `items: [${namesOf(field.items)}]` : name,
  );
  return items ? `[${namesOf(items)}]` : `{${names.join(", ")}}`;
}

/** Nothing in it needs a shell's quoting but the body, whose apostrophes are none: our examples have no such letters. */
function exampleOf(method: string, url: string, { requestBody }: Operation): string {
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const lines = [
    `curl ${method === "GET" ? "" : `-X ${method} `}-H "Authorization: Bearer $TOKEN"`,
    ...(type === undefined ? [] : [`-H "Content-Type: ${type}"`]),
    url
      .replaceAll("{slug}", "acme")
      .replaceAll(/[{](\w+)[}]/g, "<$1>")
      .replace(/^.*<.*$/, '"$&"'),
    ...(type === undefined
      ? []
      : [media?.schema ? `-d '${JSON.stringify(exampleValue(media.schema, 0))}'` : "--data-binary @file"]),
  ];
  return lines.join(" \\\n  ");
}

/** The least that is accepted in shape: fields that must be there, with a value of their type. */
function exampleValue(schema: Schema, depth: number): unknown {
  const { properties, required = [], items, type, format, enum: values, const: value, minimum, anyOf } = schema;
  if (schema.default !== undefined) return schema.default;
  if (anyOf?.[0]) return exampleValue(anyOf[0], depth);
  if (value !== undefined || values) return value ?? values?.[0];
  if (properties) {
    const wanted = Object.entries(properties).filter(([name]) => required.includes(name));
    const shown = wanted.length > 0 ? wanted : Object.entries(properties).slice(0, 1);
    return Object.fromEntries(shown.map(([name, field]) => [name, exampleValue(field, depth + 1)]));
  }
  if (type === "array") return items && depth < DEPTH_MAX ? [exampleValue(items, depth + 1)] : [];
  if (type === "boolean") return true;
  if (type === "integer" || type === "number") return Math.max(minimum ?? 1, 1);
  const samples: Record<string, string> = { uri: "https://example.com/", email: "b.simon@acme.example" };
  return samples[format ?? ""] ?? "…";
}
