using Microsoft.AspNetCore.Http.Features;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Endorsements;

namespace OpenStackSev.Control.Hosts;

/// <summary><c>PUT /v1/hosts/{node}/endorsements</c>: certificates that spare the control plane its question to AMD.</summary>
internal static class HostEndorsementsEndpoint
{
    private const int MaximumBytes = 1024 * 1024;

    public static async Task PutAsync(HttpContext context)
    {
        Guid node = HostEndpoints.NodeOf(context);
        IServiceProvider services = context.RequestServices;
        NodeEndpoint.Require(context, node, services.GetRequiredService<HostsOptions>());
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = MaximumBytes;
        HostEndorsements brought = await RequestBody.ReadAsync(context, AttestationJson.Default.HostEndorsements);
        if (brought.Certificates.Count > HostEndorsements.MostCertificates
            || brought.Certificates.Any(certificate => certificate is null or { Length: 0 or > HostEndorsements.MaximumCertificateBytes }))
        {
            throw new ApiException(HostErrors.EndorsementsInvalid,
                $"certificates: must be at most {HostEndorsements.MostCertificates}, each of 1 to {HostEndorsements.MaximumCertificateBytes} bytes");
        }

        HostState host = await services.GetRequiredService<HostRegistry>().FindAsync(node, context.RequestAborted);
        IReadOnlyList<HostChip> chips = await services.GetRequiredService<HostStates>().ChipsOfAsync(node, context.RequestAborted);
        var folder = new EndorsementFolder(services.GetRequiredService<EndorsementOptions>().FolderIn(services.GetRequiredService<ProcessOptions>()));
        HostEndorsement[] outcomes = Keep(brought, chips, StoredReport.Of(host).Report, folder,
            services.GetRequiredService<EndorsementOptions>().SimulatedRoots.ToHashSet(StringComparer.Ordinal), services.GetRequiredService<TimeProvider>().GetUtcNow());
        if (outcomes.All(outcome => outcome.Outcome is not ("added" or "replaced")))
            context.Features.Set(NothingChanged.Here);
        await context.AnswerAsync(new HostEndorsementsAnswer(outcomes), AttestationJson.Default.HostEndorsementsAnswer);
    }

    /// <summary>Verifies each up to a pinned root, and files it under what it holds.</summary>
    /// <exception cref="EndorsementFolderException">The folder cannot be written.</exception>
    private static HostEndorsement[] Keep(
        HostEndorsements brought, IReadOnlyList<HostChip> chips, HostReport report, EndorsementFolder folder, IReadOnlySet<string> simulatedRoots, DateTimeOffset now)
    {
        var outcomes = new HostEndorsement[brought.Certificates.Count];
        var taken = new List<(string, ReadOnlyMemory<byte>)>();
        for (int i = 0; i < outcomes.Length; i++)
        {
            byte[] der = brought.Certificates[i];
            bool isKey = VekCertificate.TryParse(der, out VekCertificate? key, out Finding? malformed);
            Finding? wrong = isKey ? HostEndorsementRules.Refuses(key!, chips, report) : AuthorityCertificate.TryParse(der, out _, out _) ? null : malformed;
            if (wrong is null)
                taken.Add(($"{i}", der));
            else
                outcomes[i] = Refused(i, key?.Name, wrong);
        }

        foreach (ImportedItem item in EndorsementImport.Import(folder, taken, simulatedRoots, now))
        {
            int index = int.Parse(item.Source, System.Globalization.CultureInfo.InvariantCulture);
            outcomes[index] = item.Finding is { } wrong ? Refused(index, item.Name, wrong) : new(index, item.Outcome.ToString().ToLowerInvariant(), item.Name);
        }

        return outcomes;
    }

    private static HostEndorsement Refused(int index, string? name, Finding wrong) =>
        new(index, "refused", name, wrong.Code, $"{wrong.Subject}: expected {wrong.Expected}, got {wrong.Actual}");
}
