/**
 * Stands in the Worker where Drizzle looks for columns of Postgres (scripts/build.ts): its SQL asks of every value whether it is an
 * enum of that database.
 */

export const isPgEnum = (): boolean => false;
