using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Reattestation.Tickets;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Writes URL and ticket to servers whose metadata lacks them, where that is how tickets are delivered.</summary>
internal sealed class TicketDelivery(ReattestationOptions options, TicketDesk desk, GuestMetadata metadata)
{
    /// <summary>Servers of one sweep: each is a request that Nova writes.</summary>
    public const int MostOfASweep = 500;

    /// <summary>What a listed server is to be told; null when it has it, or when others tell it.</summary>
    /// <exception cref="ApiException">There is no key or no URL.</exception>
    public GuestInstructions? Missing(ListedServer server)
    {
        if (!options.DeliversByMetadata || server.Model != SweepRules.GuestReportModel || server.IsDeleted || server.IsUnknown)
            return null;
        GuestInstructions instructions = desk.For(server.Id);
        return server.Ticket == instructions.Ticket && server.Url == instructions.Url.AbsoluteUri ? null : instructions;
    }

    public Task WriteAsync(GuestInstructions instructions, CancellationToken ct) => metadata.DeliverAsync(instructions, ct);
}
