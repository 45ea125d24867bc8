CREATE TABLE `idempotency_keys` (
	`actor` text NOT NULL,
	`key` text NOT NULL,
	`request_sha256` text NOT NULL,
	`status` integer,
	`sealed_answer` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`actor`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_created` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `kept_posts` (
	`company_id` text NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`path` text NOT NULL,
	`content_type` text NOT NULL,
	`body` blob NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`company_id`, `id`),
	FOREIGN KEY (`company_id`,`user_id`) REFERENCES `users`(`company_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `kept_posts_user` ON `kept_posts` (`company_id`,`user_id`);--> statement-breakpoint
CREATE INDEX `kept_posts_expires` ON `kept_posts` (`expires_at`);--> statement-breakpoint
CREATE TABLE `logos` (
	`company_id` text PRIMARY KEY NOT NULL,
	`content_type` text NOT NULL,
	`bytes` blob NOT NULL,
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `metadata_sources` (
	`company_id` text PRIMARY KEY NOT NULL,
	`url` text NOT NULL,
	`trust` text NOT NULL,
	`certificates` text NOT NULL,
	`announced` text NOT NULL,
	`dismissed` text NOT NULL,
	`read_at` integer,
	`failure` text,
	`failed_at` integer,
	`next_at` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `metadata_sources_next` ON `metadata_sources` (`next_at`);--> statement-breakpoint
CREATE TABLE `passkeys` (
	`company_id` text NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`public_key` text NOT NULL,
	`algorithm` text NOT NULL,
	`sign_count` integer NOT NULL,
	`transports` text NOT NULL,
	`name` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_used_at` integer,
	PRIMARY KEY(`company_id`, `id`),
	FOREIGN KEY (`company_id`,`user_id`) REFERENCES `users`(`company_id`,`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `passkeys_user` ON `passkeys` (`company_id`,`user_id`);--> statement-breakpoint
CREATE TABLE `placements` (
	`slug` text PRIMARY KEY NOT NULL,
	`database` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `saml_drafts` (
	`company_id` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`based_on` integer,
	`settings` text NOT NULL,
	`actor` text NOT NULL,
	`updated_at` integer NOT NULL,
	`tested_version` integer,
	`tested` text,
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE TABLE `saml_versions` (
	`company_id` text NOT NULL,
	`version` integer NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`settings` text NOT NULL,
	PRIMARY KEY(`company_id`, `version`),
	FOREIGN KEY (`company_id`) REFERENCES `companies`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
ALTER TABLE `audit` ADD `seq` integer;--> statement-breakpoint
ALTER TABLE `audit` ADD `hash` text;--> statement-breakpoint
CREATE UNIQUE INDEX `audit_chain` ON `audit` (`company_id`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_unsealed` ON `audit` (`company_id`,`id`) WHERE seq is null;--> statement-breakpoint
ALTER TABLE `companies` ADD `sessions_per_user_max` integer;--> statement-breakpoint
ALTER TABLE `companies` ADD `path_rules` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `companies` ADD `edge_cache` integer DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE `companies` ADD `edge_cache_generation` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `companies` ADD `sign_in_retention_days` integer DEFAULT 90 NOT NULL;--> statement-breakpoint
ALTER TABLE `companies` ADD `keep_messages` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `companies` ADD `color` text;--> statement-breakpoint
ALTER TABLE `companies` ADD `logo_sha256` text;--> statement-breakpoint
ALTER TABLE `sign_ins` ADD `message` text;--> statement-breakpoint
ALTER TABLE `sign_ins` ADD `sealed_message` text;--> statement-breakpoint
ALTER TABLE `sign_ins` ADD `expires_at` integer;--> statement-breakpoint
CREATE INDEX `sign_ins_expires` ON `sign_ins` (`expires_at`);--> statement-breakpoint
ALTER TABLE `sp_keys` ADD `activated_at` integer;--> statement-breakpoint
CREATE INDEX `assertion_keys_created` ON `assertion_keys` (`created_at`);--> statement-breakpoint
UPDATE `sp_keys` SET `activated_at` = `created_at`;
