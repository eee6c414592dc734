"""OpenAI's official Python library, unmodified, against our server. Usage: python openai_client.py BASE KEY"""
import sys

import openai

base, key = sys.argv[1:3]
client = openai.OpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0, timeout=120)
MODEL = "running-coach"
TEXT = "Breathe slowly through the nose [1]. 천천히."


def ask(content):
    return {"model": MODEL, "messages": [{"role": "user", "content": content}]}


assert [model.id for model in client.models.list()] == ["asthma-guide", "auction-help", "running-coach"]

whole = client.chat.completions.create(**ask("How do I breathe?"))
assert whole.choices[0].message.content == TEXT
assert whole.choices[0].finish_reason == "stop"
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens

chunks = list(client.chat.completions.create(**ask("How do I breathe?"), stream=True, stream_options={"include_usage": True}))
assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT
assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"not refused as {kind}")


unknown = refused(openai.NotFoundError, lambda: client.chat.completions.create(**{**ask("Hi?"), "model": "gpt-x"}))
assert unknown.code == "model_not_found"
stranger = openai.OpenAI(base_url=f"{base}/v1", api_key="mdk-nobody", max_retries=0)
assert refused(openai.AuthenticationError, lambda: list(stranger.models.list())).code == "invalid_api_key"
refused(openai.InternalServerError, lambda: client.chat.completions.create(**ask("Please fail?")))
refused(openai.APIError, lambda: list(client.chat.completions.create(**ask("Please fail?"), stream=True)))

with client.chat.completions.create(**ask("Please wait?"), stream=True) as left:
    for chunk in left:
        if chunk.choices and chunk.choices[0].delta.content:
            break

print("openai ok")
