"""The three steps of an upload: reserve, send, complete. https://docs.slack.dev/messaging/working-with-files"""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.content import Content, blocks_of
from sandbox.slack.methods_chat import writable
from sandbox.slack.model import Json, SlackError, StoredFile
from sandbox.slack.workspace import Workspace


def get_upload_url(workspace: Workspace, arguments: Arguments) -> Json:
    length = arguments.whole("length", 0)
    name = arguments.text("filename")
    if not name or length <= 0:
        raise SlackError("missing_argument")
    file = StoredFile(f"F{workspace.number():09d}", name, length)
    workspace.files[file.id] = file
    return {"upload_url": f"{workspace.url}/upload/{file.id}", "file_id": file.id}


def complete_upload(workspace: Workspace, arguments: Arguments) -> Json:
    """Share uploaded files in one message; without a channel they stay private."""
    wanted = arguments.json("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    files = [_uploaded(workspace, item) for item in wanted]
    target = arguments.text("channel_id") or arguments.text("channels")
    blocks = blocks_of({"blocks": arguments.json("blocks", "invalid_blocks_format")}) or []
    channel = writable(workspace, target) if target else None
    described = [_described(workspace, file) for file in files]
    if channel:
        content = Content(arguments.text("initial_comment") or "", blocks, files=described)
        workspace.post(channel, content, thread_ts=arguments.text("thread_ts"))
        for file in files:
            file.shared = True
    return {"files": described}


def _uploaded(workspace: Workspace, item: Any) -> StoredFile:
    if not isinstance(item, dict):
        raise SlackError("invalid_arguments")
    file = workspace.files.get(str(item.get("id")))
    if file is None or file.content is None:
        raise SlackError("file_not_found")
    file.title = item.get("title") or file.name
    return file


def _described(workspace: Workspace, file: StoredFile) -> Json:
    address = f"{workspace.url}/files/{file.id}/{file.name}"
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "size": len(file.content or b""),
        "filetype": file.name.rpartition(".")[2],
        "url_private": address,
        "permalink": address,
    }
