// One small application in each of several frameworks: `node servers.mjs NAME PORT`, beside a `node_modules` that has them.
// Each has `POST /items`, which needs a text `name` and a number `price`, and `GET /items/7`, which finds nothing.

import { createRequire } from "node:module";

const [name, port] = [process.argv[2], Number(process.argv[3])];
const load = createRequire(process.env.SERVERS_NODE + "/");
const schema = {
  type: "object",
  required: ["name", "price"],
  properties: { name: { type: "string" }, price: { type: "number" } },
};

const servers = {
  async fastify() {
    const app = load("fastify")({ ajv: { customOptions: { allErrors: true } } });
    app.post("/items", { schema: { body: schema } }, async () => ({}));
    app.get("/items/:id", async (request, reply) => reply.code(404).send(new Error("No such item.")));
    await app.listen({ port });
  },

  async hono() {
    const { Hono } = load("hono");
    const { HTTPException } = load("hono/http-exception");
    const { zValidator } = load("@hono/zod-validator");
    const { z } = load("zod");
    const app = new Hono();
    const item = z.object({ name: z.string(), price: z.number() });
    const report = (result, c) => (result.success ? undefined : c.json({ error: { issues: result.error.issues } }, 400));
    app.post("/items", zValidator("json", item, report), (c) => c.json({}));
    app.get("/items/:id", (c) => c.json({ message: "No such item." }, 404));
    load("@hono/node-server").serve({ fetch: app.fetch, port });
  },

  async express() {
    const express = load("express");
    const OpenApiValidator = load("express-openapi-validator");
    const content = { "application/json": { schema } };
    const responses = { 200: { description: "Well." } };
    const parameters = [{ name: "id", in: "path", required: true, schema: { type: "integer" } }];
    const apiSpec = {
      openapi: "3.0.3",
      info: { title: "Items", version: "1" },
      paths: {
        "/items": { post: { requestBody: { required: true, content }, responses } },
        "/items/{id}": { get: { parameters, responses } },
      },
    };
    const app = express();
    app.use(express.json());
    app.use(OpenApiValidator.middleware({ apiSpec, validateApiSpec: false }));
    app.post("/items", (request, response) => response.json({}));
    app.get("/items/:id", (request, response) => response.status(404).json({ message: "No such item." }));
    app.use((error, request, response, next) => {
      response.status(error.status ?? 500).json({ message: error.message, errors: error.errors });
    });
    app.listen(port);
  },

  async nestjs() {
    load("reflect-metadata");
    const { Controller, Get, Post, Body, Module, NotFoundException, ValidationPipe } = load("@nestjs/common");
    const { NestFactory } = load("@nestjs/core");
    const { IsNumber, IsString } = load("class-validator");
    class Item {}
    IsString()(Item.prototype, "name");
    IsNumber()(Item.prototype, "price");
    class Items {
      create() {
        return {};
      }
      read() {
        throw new NotFoundException("No such item.");
      }
    }
    const describe = (method, types) => Reflect.defineMetadata("design:paramtypes", types, Items.prototype, method);
    Controller("items")(Items);
    Post()(Items.prototype, "create", Object.getOwnPropertyDescriptor(Items.prototype, "create"));
    Body()(Items.prototype, "create", 0);
    describe("create", [Item]);
    Get(":id")(Items.prototype, "read", Object.getOwnPropertyDescriptor(Items.prototype, "read"));
    class Application {}
    Module({ controllers: [Items] })(Application);
    const app = await NestFactory.create(Application, { logger: false });
    app.useGlobalPipes(new ValidationPipe());
    await app.listen(port);
  },
};

await servers[name]();
