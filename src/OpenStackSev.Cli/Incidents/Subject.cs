using System.CommandLine;
using System.Net;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Cli.Incidents;

/// <summary>What a command line names: an instance by its UUID, or a host by UUID or name.</summary>
/// <param name="Instance">Null for a host.</param>
internal sealed record Subject(Guid Id, InstanceAttestation? Instance)
{
    public static Argument<string> Argument(string name, string description) => new(name) { Description = description };

    /// <exception cref="CommandException">There is none.</exception>
    public static async Task<Subject> OfAsync(Hosts.ControlPlane control, string named, CancellationToken ct)
    {
        if (!Guid.TryParse(named, out Guid id))
            return new Subject(await control.NodeAsync(named, ct), null);
        try
        {
            return new Subject(id, await control.Api.GetInstanceAsync(id, ct));
        }
        catch (AttestationApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return new Subject(id, null);
        }
    }
}
