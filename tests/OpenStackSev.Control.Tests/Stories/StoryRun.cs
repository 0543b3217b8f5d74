using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Hosts;

namespace OpenStackSev.Control.Tests.Stories;

/// <summary>Plays one story on the real application.</summary>
internal sealed partial class StoryRun(Story story)
{
    /// <summary>Far beyond what anything takes, on whatever machine: only what hangs meets it.</summary>
    private static readonly TimeSpan s_hung = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, string> kept = new(StringComparer.Ordinal);
    private StoryNodes? nodes;

    public async Task PlayAsync()
    {
        StoryGiven given = story.Given ?? new StoryGiven();
        string? policy = given.Policy.Count == 0 ? null : string.Concat(given.Policy.Select(rule => $"\"{rule.Key}\": \"{rule.Value}\"\n"));
        void Replace(IServiceCollection services)
        {
            if (given.Defect)
                services.AddSingleton<ICallerSource, Defect>();
        }

        if (given.NodeCa is { } state)
        {
            await using NodeCloud cloud = await NodeCloud.StartAsync(given.Settings, policy, StoryCloud.Map, Replace);
            using (nodes = new StoryNodes(cloud))
            {
                if (state != "whole")
                    File.Delete(Path.Join(cloud.Authority, state == "without_key" ? "ca.key" : "revoked.crl"));
                await PlayAsync(cloud.Control, given);
            }

            return;
        }

        await using RunningControl control = await RunningControl.StartAsync(given.Settings, policy, StoryCloud.Map, Replace);
        await PlayAsync(control, given);
    }

    private async Task PlayAsync(RunningControl control, StoryGiven given)
    {
        foreach ((string name, string text) in given.Files)
            await File.WriteAllTextAsync(control.At(name), text);
        var callers = new StoryCallers(control.Keystone);
        control.Keystone.IsAway = given.Keystone == "away";
        var end = new TaskCompletionSource();
        control.Keystone.NovaGate = given.Cloud == "hangs" ? end.Task : Task.CompletedTask;
        control.Keystone.RefusesService = given.Keystone == "refuses_service";
        for (int i = 0; i < story.Steps.Count; i++)
            await StepAsync(control, callers, story.Steps[i], $"step {i + 1}");
        end.SetResult();

        string log = string.Join('\n', control.Log.Lines);
        Assert.All(callers.Secrets.Append(FakeKeystone.Password), secret => Assert.DoesNotContain(secret, log, StringComparison.Ordinal));
    }

    private async Task StepAsync(RunningControl control, StoryCallers callers, StoryStep step, string name)
    {
        control.Time.Advance(TimeSpan.FromSeconds(step.Wait));
        if (step.Revoke is { } caller && nodes?.Knows(caller) == true)
            nodes.Revoke(caller);
        else if (step.Revoke is { } user)
            callers.Revoke(user);
        if (step.Send is null)
            return;
        for (int i = 1; i < step.Repeat; i++)
            (await SendAsync(control, callers, step)).Response.Dispose();
        using var hung = new CancellationTokenSource(s_hung);
        while (true)
        {
            (HttpResponseMessage response, string body) = await SendAsync(control, callers, step);
            using (response)
            {
                string? difference = Difference(step.Expect ?? throw new InvalidDataException($"{name} expects nothing"), response, body);
                if (difference is null)
                    return;
                if (!step.Eventually || hung.IsCancellationRequested)
                    Assert.Fail($"{story.Title}, {name}, {step.Send}: {difference}\n{(int)response.StatusCode} {body}\n{string.Join('\n', control.Log.Lines.TakeLast(5))}");
            }
        }
    }

    private async Task<(HttpResponseMessage Response, string Body)> SendAsync(RunningControl control, StoryCallers callers, StoryStep step)
    {
        string[] words = Filled(step.Send!).Split(' ', 2);
        using var request = new HttpRequestMessage(new HttpMethod(words[0]), words[1]);
        byte[]? body = step.Bytes is { } count ? new byte[count]
            : step.Text is { } text ? Encoding.UTF8.GetBytes(text)
            : step.Body is { } json ? Encoding.UTF8.GetBytes(Filled((nodes is null ? json : nodes.Filled(json)!).ToJsonString()))
            : null;
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        bool isNode = nodes?.Knows(step.As) == true;
        if (!isNode && callers.TokenOf(step.As) is { } token)
            request.Headers.TryAddWithoutValidation("X-Auth-Token", token);
        foreach ((string header, string value) in step.Headers)
        {
            string sent = value.StartsWith("token of ", StringComparison.Ordinal) ? callers.TokenOf(value["token of ".Length..])! : Filled(value);
            if (header == "Content-Type")
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(sent);
            else if (header == "Content-Encoding")
                request.Content!.Headers.ContentEncoding.Add(sent);
            else
                request.Headers.TryAddWithoutValidation(header, sent);
        }

        using HttpClient? own = nodes?.Client(step.As);
        HttpResponseMessage response = await (own ?? control.Http).SendAsync(request, TestContext.Current.CancellationToken);
        string answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (response.IsSuccessStatusCode && answer.Length > 0)
            nodes?.Learn(answer);
        return (response, answer);
    }

    private string? Difference(StoryAnswer expected, HttpResponseMessage response, string body)
    {
        if ((int)response.StatusCode != expected.Status)
            return $"status {(int)response.StatusCode} instead of {expected.Status}";
        foreach ((string header, string? value) in expected.Headers)
        {
            string? actual = HeaderOf(response, header);
            if (value == "*" ? actual is null : actual != (value is null ? null : Filled(value)))
                return $"{header} is {actual ?? "absent"} instead of {value ?? "absent"}";
        }

        if (expected.Text is { } text && text != body)
            return $"the body is not {text}";
        if (expected.Contains.Find(part => !body.Contains(Filled(part), StringComparison.Ordinal)) is { } missing)
            return $"the body lacks {missing}";
        if (expected.Code is { } code)
            return ErrorDifference(expected.Status, code, response, body);
        return expected.Body is { } wanted ? Difference("$", wanted, JsonNode.Parse(body)) : null;
    }

    /// <summary>Every error has the whole form, whatever it is about.</summary>
    private string? ErrorDifference(int status, string code, HttpResponseMessage response, string body)
    {
        var wanted = new JsonObject
        {
            ["errors"] = new JsonArray(new JsonObject
            {
                ["status"] = status,
                ["title"] = "*",
                ["detail"] = "*",
                ["code"] = code,
                ["request_id"] = HeaderOf(response, "X-Openstack-Request-Id"),
            }),
        };
        return Difference("$", wanted, JsonNode.Parse(body));
    }

    private string? Difference(string path, JsonNode? expected, JsonNode? actual)
    {
        switch (expected)
        {
            case JsonObject wanted:
                return actual is not JsonObject found ? $"{path} is no object" : wanted
                    .Select(pair => found.ContainsKey(pair.Key) ? Difference($"{path}.{pair.Key}", pair.Value, found[pair.Key]) : $"{path}.{pair.Key} is missing")
                    .FirstOrDefault(difference => difference is not null);
            case JsonArray wanted:
                return actual is not JsonArray list || list.Count != wanted.Count ? $"{path} is no list of {wanted.Count}"
                    : wanted.Select((one, i) => Difference($"{path}[{i}]", one, list[i])).FirstOrDefault(difference => difference is not null);
            case JsonValue value when value.TryGetValue(out string? text) && text == "*":
                return actual is null ? $"{path} is null" : null;
            case JsonValue value when value.TryGetValue(out string? text) && Name().IsMatch(text) && !kept.ContainsKey(text[1..^1]):
                kept[text[1..^1]] = actual?.ToString() ?? "";
                return null;
            case JsonValue value when value.TryGetValue(out string? text):
                return actual is JsonValue && actual.GetValueKind() == System.Text.Json.JsonValueKind.String && actual.ToString() == Filled(text)
                    ? null : $"{path} is {actual?.ToJsonString()} instead of \"{Filled(text)}\"";
            default:
                return JsonNode.DeepEquals(expected, actual) ? null : $"{path} is {actual?.ToJsonString() ?? "null"} instead of {expected?.ToJsonString() ?? "null"}";
        }
    }

    private string Filled(string text)
    {
        foreach ((string name, string value) in kept)
            text = text.Replace("{" + name + "}", value, StringComparison.Ordinal);
        return text;
    }

    private static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) || response.Content.Headers.TryGetValues(name, out values)
            ? string.Join(", ", values)
            : null;

    [GeneratedRegex(@"^\{\w+\}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();

    private sealed class Defect : ICallerSource
    {
        public ValueTask<Caller?> CallerOfAsync(Microsoft.AspNetCore.Http.HttpContext context) =>
            throw new InvalidOperationException("hunter2 inside");
    }
}
