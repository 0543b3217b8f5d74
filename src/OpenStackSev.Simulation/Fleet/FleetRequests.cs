using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;

namespace OpenStackSev.Simulation.Fleet;

/// <summary>An answer of the control plane to one member.</summary>
/// <param name="Status">0 where none came.</param>
/// <param name="Code">Of the error; null where it went well.</param>
/// <param name="Body">Null where it did not go well.</param>
internal sealed record FleetAnswer(int Status, string? Code, JsonElement? Body, TimeSpan Took);

/// <summary>What members say to a control plane, over HTTP, at a pace.</summary>
/// <remarks>The bodies are written here once more, so that who writes and who reads do not share a mistake.</remarks>
internal sealed class FleetRequests(HttpClient control, FleetPace pace)
{
    private const string Malformed = "malformed";

    public static byte[] ChallengeBody(Guid instance) => Body(json => json.WriteString("instance", instance));

    public static byte[] EvidenceBody(Guid challenge, Guid instance, byte[] report, byte[]? publicKey, byte[] certificates) => Body(json =>
    {
        json.WriteString("challenge", challenge);
        json.WriteString("instance", instance);
        json.WriteBase64String("report", report);
        if (publicKey is not null)
            json.WriteBase64String("public_key", publicKey);
        json.WriteBase64String("certificates", certificates);
    });

    /// <summary>Sends a request for each of <paramref name="all"/>, in their order.</summary>
    /// <param name="answered">Called on any thread, once each.</param>
    public async Task SendAsync<T>(
        string path, IReadOnlyList<T> all, Func<T, FleetMember> memberOf, Func<T, byte[]> bodyOf, Action<T, FleetAnswer> answered, CancellationToken ct)
    {
        using var places = new SemaphoreSlim(pace.Parallel, pace.Parallel);
        long start = Stopwatch.GetTimestamp();
        var running = new List<Task>(all.Count);
        for (int i = 0; i < all.Count; i++)
        {
            TimeSpan? due = pace.PerSecond == 0 ? null : TimeSpan.FromSeconds((double)i / pace.PerSecond);
            if (due - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } early)
                await Task.Delay(early, ct);
            await places.WaitAsync(ct);
            // Without a rate nothing is due before there is a place for it.
            TimeSpan from = due ?? Stopwatch.GetElapsedTime(start);
            running.Add(OneAsync(all[i], from));
        }

        await Task.WhenAll(running);

        async Task OneAsync(T one, TimeSpan from)
        {
            await Task.Yield();
            try
            {
                FleetAnswer answer = await PostAsync(path, bodyOf(one), memberOf(one).Ticket, ct);
                answered(one, answer with { Took = Stopwatch.GetElapsedTime(start) - from });
            }
            finally
            {
                places.Release();
            }
        }
    }

    private async Task<FleetAnswer> PostAsync(string path, byte[] body, string ticket, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ticket);
        try
        {
            using HttpResponseMessage response = await control.SendAsync(request, ct);
            byte[] bytes = await response.Content.ReadAsByteArrayAsync(ct);
            using var document = JsonDocument.Parse(bytes);
            return response.IsSuccessStatusCode
                ? new FleetAnswer((int)response.StatusCode, null, document.RootElement.Clone(), default)
                : new FleetAnswer((int)response.StatusCode, CodeOf(document.RootElement), null, default);
        }
        catch (JsonException)
        {
            return new FleetAnswer(0, Malformed, null, default);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return new FleetAnswer(0, FleetOutcome.Unreachable, null, default);
        }
    }

    private static string CodeOf(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0
        && errors[0].ValueKind == JsonValueKind.Object && errors[0].TryGetProperty("code", out JsonElement code) && code.ValueKind == JsonValueKind.String
            ? code.GetString()!
            : Malformed;

    private static byte[] Body(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
