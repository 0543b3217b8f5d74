using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Notifications;

/// <summary>How Nova's notifications are heard. Section <c>[notifications]</c>.</summary>
public sealed class NotificationOptions
{
    public static IniSection<NotificationOptions> Section { get; } =
        new IniSection<NotificationOptions>("notifications",
            "How it is heard from Nova at once what happened to instances, hosts and flavors; without it the sweep finds out at its own time. "
            + "Nova needs [notifications] notification_format = both (or versioned, where nobody else listens) and [oslo_messaging_notifications] driver = messagingv2.")
            .Secret("transport_url", "Nova's broker, as transport_url in nova.conf; several hosts are tried in turn. Unset: nothing is heard.",
                (o, value) => o.TransportUrl = value, example: "rabbit://openstack-sev:secret@rabbit1:5672,rabbit2:5672/")
            .Flag("ssl", "Speak TLS with the broker; ?ssl=1 in transport_url says the same.", o => o.Ssl, (o, value) => o.Ssl = value)
            .File("ssl_ca_file", "PEM file of the CAs that the broker's certificate is checked with. Unset: the system's.",
                o => o.SslCaFile, (o, value) => o.SslCaFile = value, example: "/etc/ssl/certs/cloud-ca.pem")
            .Text("exchange", "Nova's exchange: control_exchange in nova.conf. It is never created here.", o => o.Exchange, (o, value) => o.Exchange = value, longest: LongestName)
            .Text("queue", "A queue of our own, bound to it. A second cloud's control plane at the same broker needs another.", o => o.Queue, (o, value) => o.Queue = value, longest: LongestName)
            .Flag("quorum_queue", "The queue is a quorum queue: for a broker of several nodes, as rabbit_quorum_queue in nova.conf.",
                o => o.QuorumQueue, (o, value) => o.QuorumQueue = value)
            .Count("maximum_queue_length", "Notifications that wait while nobody listens; beyond it the oldest are dropped, and the sweep looks. 100 to 1000000.",
                o => o.MaximumQueueLength, (o, value) => o.MaximumQueueLength = value, 100, 1_000_000)
            .Duration("queue_lifetime", "Seconds after which the broker deletes the queue when nobody listens to it. 3600 to 2592000.",
                o => o.QueueLifetime, (o, value) => o.QueueLifetime = value, TimeSpan.FromHours(1), TimeSpan.FromDays(30))
            .Count("prefetch", "Notifications that are in work at one time. 8 to 5000.", o => o.Prefetch, (o, value) => o.Prefetch = value, 8, 5000)
            .Count("maximum_message_bytes", "A larger notification is not read. 4096 to 16777216.",
                o => o.MaximumMessageBytes, (o, value) => o.MaximumMessageBytes = value, 4096, 16 * 1024 * 1024)
            .Count("requests_per_second", "Questions to Nova about what was heard, at most; more waits. 1 to 1000.",
                o => o.RequestsPerSecond, (o, value) => o.RequestsPerSecond = value, 1, 1000)
            .Rule(Problems);

    private const int LongestName = 200;

    public string? TransportUrl { get; set; }
    public bool Ssl { get; set; }
    public string? SslCaFile { get; set; }
    public string Exchange { get; set; } = "nova";
    public string Queue { get; set; } = "openstack_sev.versioned_notifications";
    public bool QuorumQueue { get; set; }
    public int MaximumQueueLength { get; set; } = 10_000;
    public TimeSpan QueueLifetime { get; set; } = TimeSpan.FromDays(1);
    public int Prefetch { get; set; } = 500;
    public int MaximumMessageBytes { get; set; } = 1024 * 1024;
    public int RequestsPerSecond { get; set; } = 100;

    /// <summary>Null where nothing is to be heard.</summary>
    internal TransportUrl? Broker => TransportUrl is { } text && Notifications.TransportUrl.TryParse(text, Ssl, out TransportUrl? url, out _) ? url : null;

    private static IEnumerable<string> Problems(NotificationOptions options)
    {
        if (options.TransportUrl is { } text && !Notifications.TransportUrl.TryParse(text, options.Ssl, out _, out string? problem))
            yield return $"transport_url: {problem}";
        if (options.Exchange.Length == 0)
            yield return "exchange: empty; Nova's is called nova unless control_exchange says otherwise";
        // Nova's own queue belongs to others: what is taken from it here, they never see.
        if (options.Queue.Length == 0 || options.Queue.StartsWith("versioned_notifications", StringComparison.Ordinal) || options.Queue.StartsWith("notifications", StringComparison.Ordinal))
            yield return $"queue = {options.Queue}: must be a queue of our own, not one of Nova's";
        if (options.Queue.StartsWith("amq.", StringComparison.Ordinal))
            yield return $"queue = {options.Queue}: names that begin with amq. are the broker's";
    }
}
