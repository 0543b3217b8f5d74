using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Tests;

namespace OpenStackSev.Acceptance.Validation;

/// <summary>One thing that Nova refuses.</summary>
/// <param name="By"><c>flavor-api</c>, <c>server-api</c> or <c>scheduler</c>.</param>
/// <param name="Key">The extra spec; null for another one's refusal.</param>
internal sealed record Refusal(string By, string? Key, string Exception, string Message);

/// <summary>What Nova makes of a flavor and an image.</summary>
/// <param name="Encrypted">Null where it refuses before it knows.</param>
/// <param name="Query">What it would ask Placement; null where it would not.</param>
internal sealed record NovaAnswer(
    IReadOnlyList<Refusal> Refusals, bool? Encrypted, string? Model, IReadOnlyList<KeyValuePair<string, string>>? Query = null);

/// <summary>A Python process with the real Nova in it, asked line by line.</summary>
internal sealed class NovaOracle : IDisposable
{
    private static readonly TimeSpan s_longestStart = TimeSpan.FromMinutes(1);
    private static readonly JsonSerializerOptions s_ascii = new() { Encoder = JavaScriptEncoder.Default };
    private readonly Process process;

    private NovaOracle(Process process, string version)
    {
        this.process = process;
        Version = version;
    }

    /// <summary>Nova's own, e.g. <c>26.2.2</c>.</summary>
    public string Version { get; }

    /// <summary>The release that this Nova belongs to.</summary>
    public ComputeRelease Release => ComputeRelease.TryParse(Version.Split('.')[0], out ComputeRelease? release) ? release
        : throw new InvalidOperationException($"Nova {Version} belongs to no release that is known");

    /// <param name="command">Python, with what stands before it.</param>
    /// <param name="absent">Why there is none.</param>
    public static NovaOracle? Start(IReadOnlyList<string> command, out string absent)
    {
        string script = File.ReadAllText(Path.Join(Repository.Root, "tests/OpenStackSev.Acceptance/Validation/nova_oracle.py"));
        absent = $"no Nova in {string.Join(' ', command)}";
        // the text of the script, since the process may see another root folder
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), "-c", script])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process? python;
        try
        {
            python = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            absent += $": {e.Message}";
            return null;
        }
        Task<string> error = python!.StandardError.ReadToEndAsync();
        Task<string?> first = python.StandardOutput.ReadLineAsync();
        if (!first.Wait(s_longestStart) || first.Result is not { } greeting)
        {
            python.Kill(entireProcessTree: true);
            absent += ": " + (error.Wait(s_longestStart) ? error.Result.Trim().Split('\n')[^1] : "it does not answer");
            python.Dispose();
            return null;
        }
        return new(python, JsonNode.Parse(greeting)!["nova"]!.GetValue<string>());
    }

    /// <summary>One answer a request, in order.</summary>
    public async Task<IReadOnlyList<NovaAnswer>> AskAsync(IReadOnlyList<RandomRequest> requests)
    {
        Task writing = Task.Run(async () =>
        {
            foreach (RandomRequest request in requests)
                await process.StandardInput.WriteLineAsync(Body(request));
            await process.StandardInput.FlushAsync();
        });
        var answers = new List<NovaAnswer>(requests.Count);
        while (answers.Count < requests.Count)
        {
            string line = await process.StandardOutput.ReadLineAsync()
                ?? throw new InvalidOperationException($"Nova's Python ended at request {answers.Count}: {requests[answers.Count]}");
            answers.Add(Read(JsonNode.Parse(line)!));
        }
        await writing;
        return answers;
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    // As Nova and Glance answer them.
    private static string Body(RandomRequest request)
    {
        FlavorSpec flavor = request.Flavor;
        var image = new JsonObject { ["id"] = request.Image.Id, ["name"] = request.Image.Name, ["status"] = "active", ["size"] = 65536, ["min_ram"] = 0, ["min_disk"] = 0 };
        foreach ((string key, string value) in request.Properties)
            image[key] = value;
        return new JsonObject
        {
            ["flavor"] = new JsonObject
            {
                ["name"] = flavor.Name,
                ["ram"] = flavor.RamMebibytes,
                ["vcpus"] = flavor.Vcpus,
                ["disk"] = flavor.DiskGibibytes,
                ["extra_specs"] = new JsonObject(request.ExtraSpecs.Select(spec => KeyValuePair.Create(spec.Key, (JsonNode?)JsonValue.Create(spec.Value)))),
            },
            ["image"] = image,
        }.ToJsonString(s_ascii);
    }

    private static NovaAnswer Read(JsonNode answer) =>
        new([.. answer["refusals"]!.AsArray().Select(refusal => new Refusal((string)refusal!["by"]!, (string?)refusal["key"], (string)refusal["exception"]!, (string)refusal["message"]!))],
            (bool?)answer["encrypted"], (string?)answer["model"],
            answer["query"]?.AsArray().Select(pair => KeyValuePair.Create((string)pair![0]!, (string)pair[1]!)).ToArray());

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"Nova {Version}");
}
