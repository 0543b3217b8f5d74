using OpenStackSev.Api;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Control.Validation;

/// <summary><c>POST /v1/explanations</c>: why a flavor and an image, or a server, find no host; as <c>osev explain</c> has it.</summary>
internal sealed class ExplanationEndpoint(Policy policy, ServiceCloud service, FilterView filter) : IDisposable
{
    /// <summary>Each reads every resource provider of the cloud.</summary>
    private const int MostAtOnce = 2;

    private const int MostHosts = 1000;

    private static readonly Dictionary<string, ServerOperation> s_operations = new(StringComparer.Ordinal)
    {
        ["live-migrate"] = ServerOperation.LiveMigrate,
        ["suspend"] = ServerOperation.Suspend,
        ["rebuild"] = ServerOperation.Rebuild,
        ["resize"] = ServerOperation.Resize,
        ["evacuate"] = ServerOperation.Evacuate,
    };

    private readonly SemaphoreSlim turns = new(MostAtOnce, MostAtOnce);

    public async Task AnswerAsync(HttpContext context)
    {
        context.Require(ValidationPolicies.Explain);
        ExplanationRequest request = await RequestBody.ReadAsync(context, AttestationJson.Default.ExplanationRequest);
        ServerOperation? operation = Check(request);
        await turns.WaitAsync(context.RequestAborted);
        try
        {
            ExplainDocument document = await ExplainAsync(context, request, operation, context.RequestAborted);
            await context.AnswerAsync(document, ExplainJson.Default.ExplainDocument);
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose() => turns.Dispose();

    private async Task<ExplainDocument> ExplainAsync(HttpContext context, ExplanationRequest request, ServerOperation? operation, CancellationToken ct)
    {
        OpenStackConnection cloud = service.Connection;
        var things = new NamedThings(service, policy, context.Caller());
        ComputeRelease release = await things.ReleaseAsync(request.Release, ct);
        ExplainedServer? server = request.Server is { } named ? await ExplainedServer.ReadAsync(cloud, named, ct) : null;
        FlavorSpec? flavor = request.Flavor is { } f ? await things.FlavorAsync(f, ct) : null;
        ImageSpec? image = request.Image is { } i ? await things.ImageAsync(i, ct) : null;

        var explaining = new CloudExplaining(cloud, trust: filter.ReadAsync);
        OperationAnswer? answer = operation is not { } asked ? null
            : server is null ? OperationJudgement.Of(asked, new("SERVER", null, flavor!, image!, release))
            : await explaining.AnswerAsync(asked, server, flavor, image, release, ct);
        // Where an operation looks for another host, the question is whether there is one.
        bool looksForHost = answer is null || (server is not null && operation is ServerOperation.LiveMigrate or ServerOperation.Resize or ServerOperation.Evacuate);
        Explained? explained = !looksForHost ? null : await explaining.ExplainAsync(
            new(flavor ?? server!.Flavor, image ?? server!.Image, release, server, request.AvailabilityZone, request.Hosts, Leaves: operation is not null), ct);
        return ExplainDocument.Of(server, explained, answer);
    }

    /// <exception cref="ApiException">The parts of the request do not fit together.</exception>
    private static ServerOperation? Check(ExplanationRequest request)
    {
        ServerOperation? operation = null;
        if (request.Operation is { } word)
            operation = s_operations.TryGetValue(word, out ServerOperation known) ? known : throw Invalid($"operation has to be one of {string.Join(", ", s_operations.Keys)}");
        if (request.Server is null && (request.Flavor is null || request.Image is null))
            throw Invalid("give a server, or a flavor and an image");
        if (request.Server is not null && request.Flavor is not null && operation != ServerOperation.Resize)
            throw Invalid("flavor beside server is the new one of a resize: add operation, or leave server out");
        if (request.Server is not null && request.Image is not null && operation != ServerOperation.Rebuild)
            throw Invalid("image beside server is the new one of a rebuild: add operation, or leave server out");
        if (request.Hosts is { Count: > MostHosts })
            throw Invalid($"hosts has more than {MostHosts} names");
        foreach ((string kind, string? name) in (request.Hosts ?? []).Select(host => ("hosts", (string?)host))
            .Append(("server", request.Server)).Append(("availability_zone", request.AvailabilityZone)))
        {
            if (name is { Length: 0 or > Validation.NamedThings.LongestName })
                throw Invalid($"{kind} has to have names of 1 to {Validation.NamedThings.LongestName} characters");
        }

        return operation;
    }

    private static ApiException Invalid(string detail) => new(RequestErrors.Invalid, detail);
}
