/**
 * Stands in the Worker where Drizzle keeps its relational queries (scripts/build.ts), which it makes of a schema that is handed to it:
 * none is, and the statements of the store are written out.
 */

function absent(): never {
  throw new Error("Drizzle is given no relations");
}

export class Many {}
export class One {}
export class RelationalQueryBuilder {}

export const createTableRelationsHelpers = absent;
export const extractTablesRelationalConfig = absent;
export const getOperators = absent;
export const getOrderByOperators = absent;
export const mapRelationalRow = absent;
export const normalizeRelation = absent;
