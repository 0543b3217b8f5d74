using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Validation;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Notifications;

/// <summary>One look at a flavor that something was heard of: errors in it are told before somebody boots with it.</summary>
/// <remarks>Instances keep the flavor that they were made with, so that nothing follows for them.</remarks>
internal sealed partial class FlavorFollowUp(ServiceCloud cloud, HistoryReader reader, HistoryWriter writer, NovaBudget budget)
{
    private const string Kinds = "flavor.";
    private const int MostFindings = 20;

    /// <summary>An image that has all that encryption needs, so that what is found is the flavor's own.</summary>
    private static readonly ImageSpec s_image = new("any image that is fit", null, new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["hw_firmware_type"] = "uefi",
        ["hw_machine_type"] = "q35",
        ["hw_firmware_stateless"] = "true",
    });

    /// <returns>False for one that there is nothing to say about.</returns>
    /// <exception cref="OpenStackApiException">Nova did not say.</exception>
    /// <exception cref="Persistence.StorageException">It was not kept.</exception>
    public async Task<bool> FollowAsync(string id, CancellationToken ct)
    {
        if (!Id().IsMatch(id))
            return false;
        await budget.TakeAsync(ct);
        FlavorSpec? flavor = await FindAsync(id, ct);
        IReadOnlyList<Finding> errors = flavor is null ? [] : Errors(flavor, (await cloud.Connection.ReleaseAsync(ct)).Release);
        Guid subject = Subject(id);
        HistoryRow? last = await reader.LatestAsync(subject, Kinds, ct);
        HistoryRecord record = Record(subject, id, flavor, errors);
        bool isTold = last is null ? errors.Count == 0 : last.Kind == record.Kind && (errors.Count == 0 || last.Body.AsSpan().SequenceEqual(record.Body.Span));
        if (!isTold)
            await writer.AppendAsync(record, ct);
        return errors.Count > 0 || !isTold;
    }

    /// <summary>Of history: the same for the same flavor. Its id need not be a UUID.</summary>
    public static Guid Subject(string id) => ProviderIdentity.Of($"flavor {id}");

    /// <summary>What will not boot, or not be encrypted, whatever the image.</summary>
    public static IReadOnlyList<Finding> Errors(FlavorSpec flavor, ComputeRelease release) =>
        [.. RequestRules.Check(flavor, s_image, release).Where(finding => finding.Level == FindingLevel.Error && finding.Subject.StartsWith("flavor ", StringComparison.Ordinal))
            .OrderBy(finding => finding.Code, StringComparer.Ordinal).Take(MostFindings)];

    private static HistoryRecord Record(Guid subject, string id, FlavorSpec? flavor, IReadOnlyList<Finding> errors)
    {
        var body = new FlavorRecord(id, flavor?.Name, [.. errors.Select(error => error.Code)], [.. errors.Select(error => error.Message)], [.. errors.Select(error => error.Fix).OfType<string>()]);
        return new(errors.Count > 0 ? NotificationRecords.FlavorFindings : NotificationRecords.FlavorCleared, subject, Project: null,
            JsonSerializer.SerializeToUtf8Bytes(body, NotificationJson.Default.FlavorRecord))
        {
            Event = new EventFields { IsAlert = errors.Count > 0 },
        };
    }

    private async Task<FlavorSpec?> FindAsync(string id, CancellationToken ct)
    {
        try
        {
            return FlavorSpec.TryParse((await cloud.Connection.Nova.GetFlavorBodyAsync(id, ct)).Flavor, out FlavorSpec? flavor, out _) ? flavor : null;
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Ids that Nova gives, less those that mean another path.</summary>
    [GeneratedRegex(@"^(?!\.{1,2}$)[a-zA-Z0-9._\- ]{1,255}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex Id();
}
