using System.Globalization;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>What guests find in their servers' metadata. Each call is one request, which adds or replaces our items only.</summary>
internal sealed class GuestMetadata(ServiceCloud cloud)
{
    /// <summary>Where vendordata is not configured: tells the guest whom to ask, and by what ticket.</summary>
    /// <exception cref="OpenStackApiException">As for a nudge.</exception>
    public Task DeliverAsync(GuestInstructions instructions, CancellationToken ct) => cloud.Connection.Nova.UpdateServerMetadataAsync(
        instructions.Instance,
        new ServerMetadata(new Dictionary<string, string> { [GuestInstructions.UrlKey] = instructions.Url.AbsoluteUri, [GuestInstructions.TicketKey] = instructions.Ticket }), ct);

    /// <summary>
    /// Lets the guest's number grow: it answers a challenge at once, instead of at its own time. The number is the time of the nudge, so that it
    /// also grows after a database was lost, whose counters would begin below what the metadata of old servers has.
    /// </summary>
    /// <param name="instance">As it is after the nudge was counted.</param>
    /// <exception cref="OpenStackApiException">Among others 403: its metadata is full; 409: the server is in a state that allows none.</exception>
    public Task NudgeAsync(InstanceState instance, CancellationToken ct) => cloud.Connection.Nova.UpdateServerMetadataAsync(
        instance.Instance, new ServerMetadata(new Dictionary<string, string> { [GuestInstructions.NudgeKey] = Number(instance.NudgedAt!.Value) }), ct);

    /// <summary>Milliseconds since 1970.</summary>
    internal static string Number(DateTimeOffset nudgedAt) => nudgedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
