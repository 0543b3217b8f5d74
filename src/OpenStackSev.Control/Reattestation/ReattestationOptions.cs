using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Reattestation;

/// <summary>How instances prove themselves. Section <c>[reattestation]</c>.</summary>
public sealed class ReattestationOptions
{
    private const string Vendordata = "vendordata";
    private const string Metadata = "metadata";

    /// <summary>Longest life of a result, as its standard has it.</summary>
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    public static IniSection<ReattestationOptions> Section { get; } =
        new IniSection<ReattestationOptions>("reattestation", "How instances prove themselves, again and again.")
            .Url("guest_url", "URL of this service as instances reach it. Unset: [api] public_endpoint.",
                o => o.GuestUrl, (o, value) => o.GuestUrl = value, example: "https://attestation.example.org:9520")
            .File("guest_ca", "PEM file of the authorities that guest_url's certificate comes from, handed to instances. Unset: they use those of their system.",
                o => o.GuestCa, (o, value) => o.GuestCa = value, example: "/etc/openstack-sev/guest-ca.pem")
            .Choice("ticket_delivery", "How an instance gets its ticket: Nova asks for it as dynamic vendordata, or the sweep writes it to the server's metadata, where each member of its project can read it.",
                o => o.TicketDelivery, (o, value) => o.TicketDelivery = value, Vendordata, Metadata)
            .Duration("interval", "Seconds from a judgement to the next round of an instance; each round comes up to a tenth earlier. 60 to 86400.",
                o => o.Interval, (o, value) => o.Interval = value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1))
            .Duration("recheck_interval", "Seconds to the next round of an instance that was not found good. 10 to 86400.",
                o => o.RecheckInterval, (o, value) => o.RecheckInterval = value, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1))
            .Duration("challenge_lifetime", "Seconds in which a challenge is to be answered. 10 to 3600.",
                o => o.ChallengeLifetime, (o, value) => o.ChallengeLifetime = value, TimeSpan.FromSeconds(10), s_hour)
            .Duration("token_lifetime", "Seconds that a signed result counts, at most an hour. Longer than interval, so that an instance is never without one.",
                o => o.TokenLifetime, (o, value) => o.TokenLifetime = value, TimeSpan.FromMinutes(1), s_hour)
            .Text("issuer", "Whose results they are: relying parties compare it. Unset: [api] public_endpoint, or openstack-sev.",
                o => o.Issuer, (o, value) => o.Issuer = value, example: "https://attestation.example.org", longest: 255)
            .Text("cloud", "Name of this cloud, in each result.", o => o.Cloud, (o, value) => o.Cloud = value, example: "example", longest: 255)
            .File("ticket_keys", "File of the keys that tickets are made with; 'manage db sync' makes it. Unset: tickets.keys in state_dir.",
                o => o.TicketKeys, (o, value) => o.TicketKeys = value, example: "/etc/openstack-sev/tickets.keys")
            .File("result_keys", "PEM file of the keys that results are signed with, the current one first; 'manage db sync' makes it. Unset: results.keys in state_dir.",
                o => o.ResultKeys, (o, value) => o.ResultKeys = value, example: "/etc/openstack-sev/results.keys")
            .Duration("nova_wait", "Longest wait for Nova while an instance or a request of Nova's own waits for us. 1 to 60.",
                o => o.NovaWait, (o, value) => o.NovaWait = value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1))
            .Duration("endorsement_wait", "Longest wait for a certificate while an instance waits; it is fetched all the same, and the instance comes again. 1 to 60.",
                o => o.EndorsementWait, (o, value) => o.EndorsementWait = value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1))
            .Count("instance_requests_per_minute", "Of one instance; bursts of a third of it pass. 0 sets no limit.",
                o => o.InstanceRequests, (o, value) => o.InstanceRequests = value, 0, 1_000_000)
            .Count("project_requests_per_minute", "Of all instances of one project. 0 sets no limit.",
                o => o.ProjectRequests, (o, value) => o.ProjectRequests = value, 0, 100_000_000)
            .Count("address_requests_per_minute", "From one address without a good ticket. 0 sets no limit.",
                o => o.AddressRequests, (o, value) => o.AddressRequests = value, 0, 100_000_000)
            .Rule(o => o.TokenLifetime < o.Interval
                ? ["token_lifetime: shorter than interval, so that instances would be without a result between two rounds"]
                : []);

    public Uri? GuestUrl { get; set; }
    public string TicketDelivery { get; set; } = Vendordata;

    /// <summary>Tickets go to the servers' metadata.</summary>
    public bool DeliversByMetadata => TicketDelivery == Metadata;

    public string? GuestCa { get; set; }
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(30);
    public TimeSpan RecheckInterval { get; set; } = TimeSpan.FromMinutes(5);
    public TimeSpan ChallengeLifetime { get; set; } = TimeSpan.FromMinutes(5);
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromMinutes(45);
    public string? Issuer { get; set; }
    public string? Cloud { get; set; }
    public string? TicketKeys { get; set; }
    public string? ResultKeys { get; set; }
    public TimeSpan NovaWait { get; set; } = TimeSpan.FromSeconds(3);
    public TimeSpan EndorsementWait { get; set; } = TimeSpan.FromSeconds(5);
    public int InstanceRequests { get; set; } = 60;
    public int ProjectRequests { get; set; } = 6_000;
    public int AddressRequests { get; set; } = 600;

    public string TicketKeysIn(ProcessOptions process) => TicketKeys ?? Path.Join(process.StateDir, "tickets.keys");

    public string ResultKeysIn(ProcessOptions process) => ResultKeys ?? Path.Join(process.StateDir, "results.keys");

    /// <summary>Null where nobody said.</summary>
    public Uri? GuestUrlOf(ApiOptions api) => GuestUrl ?? api.PublicEndpoint;

    public string IssuerOf(ApiOptions api) => Issuer ?? api.PublicEndpoint?.AbsoluteUri.TrimEnd('/') ?? "openstack-sev";
}
