using System.Net;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;

namespace OpenStackSev.Control.Enforcement;

/// <summary>What Nova is asked, and asked to do. One request a step.</summary>
internal sealed class NovaMeasures(ServiceCloud cloud)
{
    public const string ServerTag = "openstack-sev:contraindicated";

    /// <summary>Begins the reason of a lock of ours, by which it is known again.</summary>
    public const string LockPrefix = "openstack-sev: ";

    private const int LongestReason = 255;

    /// <summary>What happened before that decides nothing any more.</summary>
    private const int MostActions = 100;

    /// <returns>Null when Nova has no server of this UUID.</returns>
    /// <exception cref="OpenStackApiException">Nova did not say.</exception>
    public async Task<ServerFacts?> LookAsync(Guid instance, bool withActions, CancellationToken ct)
    {
        try
        {
            Server server = (await cloud.Connection.Nova.GetServerAsync(instance, ct)).Server;
            IReadOnlyList<InstanceAction> actions = withActions ? (await cloud.Connection.Nova.ListActionsAsync(instance, MostActions, ct)).InstanceActions : [];
            return ServerFacts.Of(server, actions, withActions ? (await cloud.Connection.TokenAsync(ct)).User.Id : "");
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <param name="codes">Of the findings, for the reason of a lock.</param>
    /// <exception cref="OpenStackApiException">Nova refused, or did not answer: then nobody knows whether it was done.</exception>
    public Task SendAsync(EnforcementState row, IReadOnlyList<string> codes, CancellationToken ct) => (row.Pending, row.PendingUndo) switch
    {
        (Measures.Tag, false) => cloud.Connection.Nova.AddTagAsync(row.Instance, ServerTag, ct),
        (Measures.Tag, true) => RemoveTagAsync(row.Instance, ct),
        (Measures.Lock, false) => ActAsync(row.Instance, "lock", ct, new ServerLock(Reason(codes))),
        (Measures.Lock, true) => ActAsync(row.Instance, "unlock", ct),
        (Measures.Stop, false) => ActAsync(row.Instance, "os-stop", ct),
        (Measures.Stop, true) => ActAsync(row.Instance, "os-start", ct),
        (Measures.Shelve, false) => ActAsync(row.Instance, "shelve", ct),
        (Measures.Shelve, true) => ActAsync(row.Instance, "unshelve", ct),
        var (measure, _) => throw new InvalidOperationException($"{measure} is nothing that Nova does"),
    };

    private Task ActAsync(Guid instance, string action, CancellationToken ct, ServerLock? body = null) =>
        cloud.Connection.Nova.ActAsync(instance, new Dictionary<string, ServerLock?>(StringComparer.Ordinal) { [action] = body }, ct);

    private async Task RemoveTagAsync(Guid instance, CancellationToken ct)
    {
        try
        {
            await cloud.Connection.Nova.RemoveTagAsync(instance, ServerTag, ct);
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            // Somebody else removed it just now.
        }
    }

    private static string Reason(IReadOnlyList<string> codes)
    {
        string reason = LockPrefix + (codes.Count > 0 ? string.Join(", ", codes) : "contraindicated");
        return reason.Length <= LongestReason ? reason : reason[..LongestReason];
    }
}
