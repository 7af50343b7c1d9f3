"""The application's layers: what every request passes through, and no more. Knows paths; no routes' meaning."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from nemoserve.http.errors import on_api_error
from nemoserve.types.errors import ApiError


class Application(Starlette):
    """Starlette without its own layer for errors, which the envelope makes unneeded, and with a shorter way to most routes."""

    def build_middleware_stack(self) -> ASGIApp:
        routes = [route for route in self.routes if isinstance(route, Route)]
        app: ASGIApp = Direct(routes, ExceptionMiddleware(self.router, handlers=self.exception_handlers))
        for layer, args, options in reversed(self.user_middleware):
            app = layer(app, *args, **options)
        return app


class Direct:
    """Routes whose path has no variable are looked up by it; all else is the router's."""

    def __init__(self, routes: list[Route], others: ASGIApp) -> None:
        self._others = others
        self._routes: dict[tuple[str, str], Route] = {}
        for route in routes:
            if "{" not in route.path:
                for method in route.methods or ():
                    self._routes.setdefault((method, route.path), route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None or scope.get("root_path"):
            await self._others(scope, receive, send)
            return
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            response = await route.endpoint(request)
        except ApiError as error:
            response = await on_api_error(request, error)
        await response(scope, receive, send)
