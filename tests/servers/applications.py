# ruff: noqa: PLC0415, PLW0603 - each framework is imported by the process that runs it
"""
One small application in each of several frameworks, run by a Python that has them: `python applications.py NAME PORT`.

Each has `POST /items`, which needs a text `name` and a number `price`, and `GET /items/7`, which finds nothing.
"""

import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server


def litestar():
    from dataclasses import dataclass

    from litestar import Litestar, get, post
    from litestar.exceptions import NotFoundException

    @dataclass
    class Item:
        name: str
        price: float

    @post("/items")
    async def create(data: Item) -> Item:
        return data

    @get("/items/{item_id:int}")
    async def read(item_id: int) -> None:
        raise NotFoundException("No such item.")

    return Litestar([create, read])


def connexion():
    import json
    import tempfile
    from pathlib import Path

    from connexion import AsyncApp, problem

    schema = {
        "type": "object",
        "required": ["name", "price"],
        "properties": {"name": {"type": "string"}, "price": {"type": "number"}},
    }
    content = {"application/json": {"schema": schema}}
    answers = {"responses": {"200": {"description": "Well."}}}
    number = {"name": "item_id", "in": "path", "required": True, "schema": {"type": "integer"}}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Items", "version": "1"},
        "paths": {
            "/items": {
                "post": {
                    "operationId": "__main__.create_item",
                    "requestBody": {"content": content, "required": True},
                    **answers,
                }
            },
            "/items/{item_id}": {"get": {"operationId": "__main__.read_item", "parameters": [number], **answers}},
        },
    }
    folder = tempfile.mkdtemp()
    Path(folder, "items.json").write_text(json.dumps(document))
    main = sys.modules["__main__"]
    main.create_item = lambda body: body
    main.read_item = lambda item_id: problem(404, "Not Found", "No such item.")
    app = AsyncApp("items", specification_dir=folder)
    app.add_api("items.json")
    return app


def _django(**settings):
    import django
    from django.conf import settings as configured

    configured.configure(
        DEBUG=False,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="tests",
        USE_TZ=True,
        DATABASES={},
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *settings.pop("apps", [])],
        **settings,
    )
    django.setup()


def django_rest_framework():
    handler = "drf_standardized_errors.handler.exception_handler"
    _django(
        apps=["rest_framework", "drf_standardized_errors"],
        REST_FRAMEWORK={
            "EXCEPTION_HANDLER": handler,
            "UNAUTHENTICATED_USER": None,
            "DEFAULT_AUTHENTICATION_CLASSES": [],
        },
    )
    return _rest_framework()


def plain_rest_framework():
    _django(
        apps=["rest_framework"], REST_FRAMEWORK={"UNAUTHENTICATED_USER": None, "DEFAULT_AUTHENTICATION_CLASSES": []}
    )
    return _rest_framework()


def _rest_framework():
    from django.core.wsgi import get_wsgi_application
    from django.urls import path
    from rest_framework import serializers
    from rest_framework.exceptions import NotFound
    from rest_framework.response import Response
    from rest_framework.views import APIView

    class Item(serializers.Serializer):
        name = serializers.CharField()
        price = serializers.FloatField()

    class Items(APIView):
        def post(self, request):
            Item(data=request.data).is_valid(raise_exception=True)
            return Response({})

    class OneItem(APIView):
        def get(self, request, item_id):
            raise NotFound("No such item.")

    global urlpatterns
    urlpatterns = [path("items", Items.as_view()), path("items/<int:item_id>", OneItem.as_view())]
    return get_wsgi_application()


def django_ninja():
    _django()
    from django.core.wsgi import get_wsgi_application
    from django.urls import path
    from ninja import NinjaAPI, Schema
    from ninja.errors import HttpError

    class Item(Schema):
        name: str
        price: float

    api = NinjaAPI()

    @api.post("/items")
    def create(request, item: Item):
        return item

    @api.get("/items/{item_id}")
    def read(request, item_id: int):
        raise HttpError(404, "No such item.")

    global urlpatterns
    urlpatterns = [path("", api.urls)]
    return get_wsgi_application()


def apiflask():
    from apiflask import APIFlask, Schema, abort
    from apiflask.fields import Float, String

    class Item(Schema):
        name = String(required=True)
        price = Float(required=True)

    app = APIFlask("items")

    @app.post("/items")
    @app.input(Item)
    def create(json_data):
        return json_data

    @app.get("/items/<int:item_id>")
    def read(item_id):
        abort(404, "No such item.")

    return app


def flask_smorest():
    from flask import Flask
    from flask_smorest import Api, Blueprint, abort
    from marshmallow import Schema, fields

    class Item(Schema):
        name = fields.String(required=True)
        price = fields.Float(required=True)

    app = Flask("items")
    app.config |= {"API_TITLE": "Items", "API_VERSION": "1", "OPENAPI_VERSION": "3.0.3"}
    blueprint = Blueprint("items", "items")

    @blueprint.post("/items")
    @blueprint.arguments(Item)
    def create(item):
        return item

    @blueprint.get("/items/<int:item_id>")
    def read(item_id):
        abort(404, message="No such item.")

    Api(app).register_blueprint(blueprint)
    return app


def falcon():
    import falcon as library
    from falcon.media.validators import jsonschema

    schema = {
        "type": "object",
        "required": ["name", "price"],
        "properties": {"name": {"type": "string"}, "price": {"type": "number"}},
    }

    class Items:
        @jsonschema.validate(schema)
        def on_post(self, request, response):
            response.media = {}

    class Item:
        def on_get(self, request, response, item_id):
            raise library.HTTPNotFound(title="No item", description="No such item.")

    app = library.App()
    app.add_route("/items", Items())
    app.add_route("/items/{item_id:int}", Item())
    return app


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        """Write no log."""


def main(name, port):
    app = globals()[name]()
    if name in ("litestar", "connexion"):
        import uvicorn

        uvicorn.run(app, port=port, log_level="error")
    else:
        make_server("127.0.0.1", port, app, handler_class=_Quiet).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
